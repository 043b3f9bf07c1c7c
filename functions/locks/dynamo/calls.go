package dynamo

import (
	"slices"

	"lockstep/shared/dynamo"
)

// Calls declares, by operation, what the store calls on which table: no more than
// that does a function's policy allow. health is not in it: it calls nothing.
func Calls() map[string][]dynamo.Call {
	on := dynamo.On
	return map[string][]dynamo.Call{
		"registry":        slices.Concat(on("Endpoints", "Query"), on("Namespaces", "GetItem")),
		"lock":            slices.Concat(on("Endpoints", "GetItem"), on("Namespaces", "UpdateItem")),
		"unlock":          slices.Concat(on("Endpoints", "GetItem"), on("Namespaces", "GetItem", "UpdateItem")),
		"resource":        slices.Concat(on("Endpoints", "GetItem"), on("Namespaces", "GetItem")),
		"put-endpoint":    slices.Concat(on("Endpoints", "PutItem"), on("Namespaces", "UpdateItem")),
		"delete-endpoint": slices.Concat(on("Endpoints", "GetItem", "DeleteItem"), on("Namespaces", "UpdateItem")),
		"watch":           on("Events", "Query"),
		"record":          on("Events", "PutItem"),
	}
}

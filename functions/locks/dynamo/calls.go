package dynamo

import (
	"slices"

	"lockstep/shared/dynamo"
)

// Calls declares, by operation, what the store calls on which table: no more than
// that does a function's policy allow. health is not in it: it calls nothing.
func Calls() map[string][]dynamo.Call {
	on := dynamo.On
	leases := on("Namespaces", "GetItem", "UpdateItem")
	return map[string][]dynamo.Call{
		"registry":        slices.Concat(on("Endpoints", "Query"), on("Namespaces", "GetItem")),
		"lock":            slices.Concat(on("Endpoints", "GetItem"), leases),
		"unlock":          slices.Concat(on("Endpoints", "GetItem"), leases),
		"resource":        slices.Concat(on("Endpoints", "GetItem"), on("Namespaces", "GetItem"), on("Resources", "GetItem", "UpdateItem")),
		"acquire":         slices.Concat(on("Endpoints", "Query"), leases, on("LeaseIds", "PutItem")),
		"leases":          leases,
		"renew":           leases,
		"release":         slices.Concat(leases, on("LeaseIds", "PutItem")),
		"break":           leases,
		"write":           slices.Concat(on("Endpoints", "Query"), on("Namespaces", "GetItem"), on("Resources", "BatchGetItem", "UpdateItem")),
		"query":           slices.Concat(on("Endpoints", "Query"), leases, on("Resources", "UpdateItem")),
		"put-endpoint":    slices.Concat(on("Endpoints", "PutItem"), leases),
		"delete-endpoint": slices.Concat(on("Endpoints", "GetItem", "DeleteItem"), leases),
		"watch":           on("Events", "Query"),
		"record":          on("Events", "PutItem"),
	}
}

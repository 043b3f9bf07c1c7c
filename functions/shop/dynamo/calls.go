package dynamo

import (
	"slices"

	"lockstep/shared/dynamo"
)

// Calls declares, by operation, what the store calls on which table: no more than
// that does a function's policy allow. health and order-created are not in it: they
// call no table (the latter reads a stream).
func Calls() map[string][]dynamo.Call {
	on := dynamo.On
	return map[string][]dynamo.Call{
		"create-product": on("Products", "PutItem"),
		"product":        on("Products", "GetItem"),
		"delete-product": on("Products", "DeleteItem"),
		"products":       on("Products", "Query"),
		"create-order": slices.Concat(on("Products", "UpdateItem"), on("OrderKeys", "PutItem"),
			on("Orders", "PutItem", "UpdateItem")), // the update only after a lost answer
		"order":  slices.Concat(on("Orders", "GetItem"), on("Products", "BatchGetItem")),
		"orders": on("Orders", "Query"),
		"export": on("Orders", "Query"),
	}
}

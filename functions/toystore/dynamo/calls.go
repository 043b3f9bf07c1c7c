package dynamo

import (
	"slices"

	"lockstep/shared/dynamo"
)

// Calls declares, by operation, what the store calls on which table: no more than
// that does a function's policy allow. health is not in it: it calls nothing.
func Calls() map[string][]dynamo.Call {
	on := dynamo.On
	reads := on("Toys", "GetItem", "BatchGetItem")
	buys := slices.Concat(reads, on("Toys", "UpdateItem"), on("Purchases", "PutItem", "UpdateItem"))
	return map[string][]dynamo.Call{
		"query": reads,
		"buy":   buys,
		"list":  on("Toys", "Query"),
		"put":   on("Toys", "UpdateItem"),
		"rpc":   buys,
	}
}

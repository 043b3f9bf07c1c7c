package dynamo

import (
	"slices"

	"lockstep/shared/dynamo"
)

// Calls declares, by operation, what the store calls on which table: no more than
// that does a function's policy allow. health is not in it: it calls nothing.
func Calls() map[string][]dynamo.Call {
	on := dynamo.On
	login := on("Logins", "UpdateItem")
	look := on("Runs", "GetItem", "Query")
	return map[string][]dynamo.Call{
		"pi":           login,
		"start-run":    slices.Concat(login, on("Runs", "UpdateItem")),
		"run":          look,
		"run-progress": look,
		"quote":        login,
		"logins":       on("Logins", "Query"),
		"plan":         on("Runs", "GetItem"),
		"shard":        slices.Concat(look, on("Runs", "UpdateItem")),
		"merge":        slices.Concat(look, on("Runs", "UpdateItem")),
	}
}

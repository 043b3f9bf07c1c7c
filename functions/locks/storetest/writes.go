package storetest

import (
	"fmt"
	"strconv"
	"testing"

	"lockstep/shared/lease"
)

// writing writes the states, JSON, under the lease.
func writing(l leased, states string) request {
	return request{lease: l.Lease, token: strconv.FormatInt(l.Token, 10), body: `{"states":` + states + `}`}
}

// writes is PUT /resources.
var writes = map[string]test{
	"writes all":           writeAll,
	"reads what it wrote":  writeAndRead,
	"as often as it likes": writeAgain,
	"403 naming the endpoints that the lease does not hold": writeOfOthers,
	"403 while it waits":                                             writeWaiting,
	"404 naming the ids that nobody serves":                          writeUnknown,
	"412 when the lease is gone":                                     writeWhenGone,
	"412 when the token is not the lease's":                          writeWithOtherToken,
	"412 when a row has seen a higher token, and nothing is written": writeOutdated,
	"fifty at once":                                                  writeFifty,
	"who was paused":                                                 writeAfterPause,
}

func writeAll(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1, 2)
	mustPut(t, r.Service, "b", 2, 3)
	l := mustAcquire(t, r.Service, "a", "b")
	requireAnswer(t, 200, `{}`, ask(t, r.another(), "write", writing(l, `{"1":"one","2":"é😀","3":""}`)))
	requireState(t, r.Store, "one", 1)
	requireState(t, r.Store, "é😀", 2)
	requireState(t, r.Store, "", 3)
}

func writeAndRead(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	l := mustAcquire(t, r.Service, "a", "b")
	requireStatus(t, 200, ask(t, r.Service, "write", writing(l, `{"1":"written"}`)))
	for _, name := range []string{"a", "b"} { // the state is the resource's, whichever endpoint serves it
		requireAnswer(t, 200, `{"state":"written"}`, ask(t, r.another(), "resource", reading(l, name)))
	}
	mustRelease(t, r.Service, l)
	mustLock(t, r.Service, "b")
	requireAnswer(t, 200, `{"state":"written"}`, ask(t, r.Service, "resource", reading(leased{}, "b")))
}

func writeAgain(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1, 2)
	l := mustAcquire(t, r.Service, "a")
	for _, state := range []string{"one", "two", "two", "one"} {
		requireStatus(t, 200, ask(t, r.Service, "write", writing(l, fmt.Sprintf(`{"1":%q}`, state))))
		requireState(t, r.Store, state, 1)
	}
}

func writeOfOthers(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1, 2)
	for _, name := range []string{"b", "c", "d"} {
		mustPut(t, r.Service, name, 1)
	}
	l := mustAcquire(t, r.Service, "a", "c")
	requireAnswer(t, 403, doesNotHold("'b', 'd'"), ask(t, r.Service, "write", writing(l, `{"1":"x","2":"x"}`)))
	requireState(t, r.Store, "initial", 1)
	requireState(t, r.Store, "initial", 2)
	requireAnswer(t, 200, `{}`, ask(t, r.Service, "write", writing(l, `{"2":"x"}`)))
}

func writeWhenGone(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	released := mustAcquire(t, r.Service, "a")
	mustRelease(t, r.Service, released)
	evicted := mustAcquire(t, r.by(-hour), "a")
	mustAcquire(t, r.Service, "a")
	for _, l := range []leased{released, evicted, {Lease: lease.NewSecret(), Token: 7}} {
		gone := fmt.Sprintf(`{"error":"the lease with token %d is gone"}`, l.Token)
		requireAnswer(t, 412, gone, ask(t, r.Service, "write", writing(l, `{"1":"x"}`)))
		requireState(t, r.Store, "initial", 1)
	}
}

func writeWaiting(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 2)
	holder, waiting := mustAcquire(t, r.Service, "a"), mustWait(t, r, "a", "b")
	requireAnswer(t, 403, doesNotHold("'a'"), ask(t, r.Service, "write", writing(waiting, `{"1":"x"}`)))
	requireAnswer(t, 403, doesNotHold("'b'"), ask(t, r.Service, "write", writing(waiting, `{"2":"x"}`))) // all or nothing
	mustRelease(t, r.Service, holder)
	requireAnswer(t, 200, `{}`, ask(t, r.Service, "write", writing(waiting, `{"1":"x","2":"x"}`))) // it is granted, though it does not know
}

// What nobody serves no lease protects.
func writeUnknown(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l := mustAcquire(t, r.Service, "a")
	requireAnswer(t, 404, `{"error":"no endpoint serves 2, 3","resources":[2,3]}`, ask(t, r.Service, "write", writing(l, `{"3":"x","1":"x","2":"x"}`)))
	for id := int64(1); id <= 3; id++ {
		requireState(t, r.Store, "initial", id)
	}
}

func writeWithOtherToken(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l := mustAcquire(t, r.Service, "a")
	for _, token := range []int64{l.Token - 1, l.Token + 1, 1, 9223372036854775807} {
		requireStatus(t, 412, ask(t, r.Service, "write", writing(leased{Lease: l.Lease, Token: token}, `{"1":"x"}`)))
	}
	requireState(t, r.Store, "initial", 1)
}

// Somebody has leased "b" before it served 1, and reads it now.
func writeOutdated(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1, 2)
	mustPut(t, r.Service, "b")
	one := mustAcquire(t, r.Service, "a")
	two := mustAcquire(t, r.Service, "b")
	mustRead(t, r.Store, two.Token, 1)
	requireAnswer(t, 412, outdated(one), ask(t, r.Service, "write", writing(one, `{"1":"x","2":"x"}`)))
	requireState(t, r.Store, "initial", 2)
	requireAnswer(t, 200, `{}`, ask(t, r.Service, "write", writing(one, `{"2":"x"}`)))
}

func writeFifty(t *testing.T, r *registry) {
	states, served := "", make([]int64, 50)
	for i := range served {
		served[i] = int64(i)
		states += fmt.Sprintf(`,"%d":"state %d"`, i, i)
	}
	mustPut(t, r.Service, "a", served...)
	l := mustAcquire(t, r.Service, "a")
	requireStatus(t, 200, ask(t, r.Service, "write", writing(l, "{"+states[1:]+"}")))
	for _, id := range served {
		requireState(t, r.Store, fmt.Sprint("state ", id), id)
	}
}

// A holder reads, is paused for so long that its lease is evicted, and wakes: it
// writes nothing, though it still believes.
func writeAfterPause(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	paused := mustAcquire(t, r.by(-hour), "a")
	requireStatus(t, 200, ask(t, r.Service, "resource", reading(paused, "a")))
	next := mustAcquire(t, r.Service, "a")
	requireStatus(t, 200, ask(t, r.Service, "resource", reading(next, "a")))
	requireOutdated(t, r.Store, paused.Token, 1) // also where the lease is not looked at before
	requireStatus(t, 412, ask(t, r.Service, "write", writing(paused, `{"1":"x"}`)))
	requireStatus(t, 200, ask(t, r.Service, "write", writing(next, `{"1":"y"}`)))
	requireState(t, r.Store, "y", 1)
}

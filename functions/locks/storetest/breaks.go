package storetest

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
	"lockstep/shared/operation"
)

// breaks is POST /leases/{public id}/break.
var breaks = map[string]test{
	"frees what a lease holds":        brokenHolder,
	"removes one that waits":          brokenWaiter,
	"404 when it is gone":             brokenGone,
	"400 if nobody says who asks":     brokenByNobody,
	"the log says who asked":          brokenIsLogged,
	"the secret is not the public id": brokenBySecret,
	"a writer is shut out at once":    brokenWriter,
	"of many operators one breaks it": manyBreak,
}

func breakIt(id string) request { return request{id: id, operator: "the operator"} }

func brokenHolder(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	l := mustHave(t, r.Service, want("b", "a").of("a stuck job"))
	waiting := mustWait(t, r, "b")
	requireAnswer(t, 200, fmt.Sprintf(`{"id":%q,"owner":"a stuck job","endpoints":["a","b"],"token":%d}`, l.ID, l.Token), ask(t, r.another(), "break", breakIt(l.ID)))
	requireStatus(t, 404, ask(t, r.Service, "leases", request{lease: l.Lease}))
	requireStatus(t, 404, ask(t, r.Service, "release", request{lease: l.Lease}))
	mustLock(t, r.Service, "a")
	mustBeGranted(t, r.Service, waiting)
}

func brokenWaiter(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	holder, waiting, third := mustAcquire(t, r.Service, "a"), mustWait(t, r, "a", "b"), mustWait(t, r, "b")
	requireStatus(t, 200, ask(t, r.another(), "break", breakIt(waiting.ID)))
	requireStatus(t, 404, ask(t, r.Service, "leases", request{lease: waiting.Lease}))
	mustBeGranted(t, r.Service, third)
	require.Equal(t, holder, requireLease(t, 200, ask(t, r.Service, "leases", request{lease: holder.Lease})))
}

func brokenGone(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	released := mustAcquire(t, r.Service, "a")
	mustRelease(t, r.Service, released)
	broken := mustAcquire(t, r.Service, "a")
	requireStatus(t, 200, ask(t, r.Service, "break", breakIt(broken.ID)))
	for _, id := range []string{released.ID, broken.ID, lease.PublicID("nobody's"), "", "a", "#"} {
		requireAnswer(t, 404, noSuchLease, ask(t, r.another(), "break", breakIt(id)))
	}
}

func brokenByNobody(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l := mustAcquire(t, r.Service, "a")
	for name, operator := range map[string]string{"nobody": "", "too long": strings.Repeat("x", 101), "a line break": "a\nb", "no UTF-8": "\xff"} {
		got := ask(t, r.Service, "break", request{id: l.ID, operator: operator})
		requireStatus(t, 400, got)
		var said map[string]any
		mustDecode(t, got, &said)
		require.Equal(t, "X-Operator", said["field"], name)
	}
	require.Equal(t, l, requireLease(t, 200, ask(t, r.Service, "leases", request{lease: l.Lease})))
	requireStatus(t, 200, ask(t, r.Service, "break", request{id: l.ID, signer: "arn:aws:iam::123456789012:user/operator"}))
}

// logged is the log of the whole process, kept from the first test that wants it on.
var logged = sync.OnceValue(func() *log {
	kept := &log{}
	slog.SetDefault(slog.New(slog.NewTextHandler(kept, nil)))
	return kept
})

type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

// about returns the lines that contain the text.
func (l *log) about(text string) (lines []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.text.String()) {
		if strings.Contains(line, text) {
			lines = append(lines, line)
		}
	}
	return lines
}

func brokenIsLogged(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	for by, asked := range map[string]request{
		"the-operator":    {operator: "the-operator"},
		"arn:aws:iam::1":  {signer: "arn:aws:iam::1"},
		"arn:aws:iam::22": {signer: "arn:aws:iam::22", operator: "somebody-else"}, // the principal is proven, the header is said
	} {
		all := logged()
		l := mustHave(t, r.Service, want("a").of("the-holder"))
		asked.id = l.ID
		requireStatus(t, 200, ask(t, r.Service, "break", asked))
		lines := all.about(l.ID)
		require.Len(t, lines, 1)
		for _, said := range []string{"by=" + by + " ", "owner=the-holder", "endpoints=[a]", fmt.Sprint("token=", l.Token), "level=WARN"} {
			require.Contains(t, lines[0], said)
		}
		require.NotContains(t, lines[0], l.Lease)
	}
}

func brokenBySecret(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l := mustAcquire(t, r.Service, "a")
	requireStatus(t, 404, ask(t, r.Service, "break", breakIt(l.Lease)))
	require.Equal(t, l, requireLease(t, 200, ask(t, r.Service, "leases", request{lease: l.Lease})))
}

func brokenWriter(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l := mustAcquire(t, r.Service, "a")
	requireAnswer(t, 200, `{}`, ask(t, r.Service, "write", writing(l, `{"1":"before"}`)))
	requireStatus(t, 200, ask(t, r.another(), "break", breakIt(l.ID)))
	requireStatus(t, 412, ask(t, r.Service, "write", writing(l, `{"1":"after"}`)))
	requireStatus(t, 403, ask(t, r.Service, "resource", request{endpoint: "a", id: "1", lease: l.Lease}))
	requireState(t, r.Store, "before", 1)
}

func manyBreak(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l := mustAcquire(t, r.Service, "a")
	answers := make(chan operation.Response, 8)
	for range cap(answers) {
		s := r.another()
		go func() { answers <- ask(t, s, "break", breakIt(l.ID)) }()
	}
	won := 0
	for range cap(answers) {
		if got := <-answers; got.Status == 200 {
			won++
		} else {
			requireAnswer(t, 404, noSuchLease, got)
		}
	}
	require.Positive(t, won)
	requireNobody(t, r.Service)
}

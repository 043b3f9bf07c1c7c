package storetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/shared/lease"
)

// acquires is POST /leases.
var acquires = map[string]test{
	"201: the lease": acquireFree,
	"201: a lease under an id that the server draws": drawnID,
	"201: granted at once also if it would wait":     acquireFreeWaiting,
	"201: after waiting":                             grantedAfterWaiting,
	"201: a hundred endpoints":                       hundredEndpoints,
	"201: several leases beside each other":          besideEachOther,
	"201: tokens grow":                               tokensGrow,
	"201: an expired lease is not in the way":        pastExpired,
	"202: still waiting":                             stillWaiting,
	"409: somebody holds one of them":                heldByOthers,
	"409: somebody waits for one of them":            wantedByOthers,
	"404: an unknown endpoint":                       acquireUnknown,
	"the same id gets the same lease":                sameID,
	"the same id at once gets one lease":             sameIDAtOnce,
	"all or nothing, no deadlock":                    noDeadlock,
}

func acquireFree(t *testing.T, r *registry) {
	mustPut(t, r.Service, "b", 1)
	mustPut(t, r.Service, "a", 1)
	secret, begin := lease.NewSecret(), time.Now()
	got := ask(t, r.Service, "acquire", request{lease: secret, body: want("b", "a").lasting(10 * time.Minute)})
	l := requireLease(t, 201, got)
	require.Equal(t, leased{
		Lease: secret, ID: lease.PublicID(secret), Owner: "somebody", Token: l.Token, Endpoints: []string{"a", "b"}, Granted: true, ExpiresAt: l.ExpiresAt,
	}, l)
	require.Positive(t, l.Token)
	require.WithinDuration(t, begin.Add(10*time.Minute), l.expires(t), time.Minute)
	require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`, l.ExpiresAt)
	var names map[string]any
	mustDecode(t, got, &names)
	require.NotContains(t, names, "ahead", "nobody is before one that is granted")
}

func drawnID(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	one := requireLease(t, 201, ask(t, r.Service, "acquire", request{body: want("a")}))
	two := requireLease(t, 201, ask(t, r.Service, "acquire", request{body: want("b")}))
	require.GreaterOrEqual(t, len(one.Lease), 22)
	require.NotEqual(t, one.Lease, two.Lease)
	require.Equal(t, lease.PublicID(one.Lease), one.ID)
	mustRelease(t, r.another(), one)
	mustRelease(t, r.another(), two)
	requireNobody(t, r.Service)
}

func acquireFreeWaiting(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	begin := time.Now()
	l := mustHave(t, r.Service, want("a").waiting(25*time.Second).lasting(15*time.Minute))
	require.WithinDuration(t, begin.Add(15*time.Minute), l.expires(t), time.Minute, "the whole of it, from the grant on")
}

func grantedAfterWaiting(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	first := mustAcquire(t, r.Service, "a")
	waiter, secret := r.another(), lease.NewSecret()
	answer := later(func() leased {
		return requireLease(t, 201, ask(t, waiter, "acquire", request{lease: secret, body: want("a", "b").waiting(25 * time.Second)}))
	})
	mustStand(t, r.Service, secret)
	mustRelease(t, r.Service, first)
	second := <-answer
	require.True(t, second.Granted)
	require.Greater(t, second.Token, first.Token)
}

// mustStand waits until the lease of that secret stands in line.
func mustStand(t *testing.T, s *locks.Service, secret string) {
	t.Helper()
	for t.Context().Err() == nil {
		view, err := s.Leases.View(t.Context())
		require.NoError(t, err)
		if _, stands := view.Find(lease.PublicID(secret)); stands {
			return
		}
	}
}

func hundredEndpoints(t *testing.T, r *registry) {
	var all []string
	for i := range 100 {
		all = append(all, fmt.Sprintf("%s%03d", strings.Repeat("x", 61), i)) // as long as names may be
		mustPut(t, r.Service, all[i], 1)
	}
	l := mustAcquire(t, r.Service, all...)
	require.Equal(t, all, l.Endpoints)
	for name, e := range mustRegistry(t, r.Service) {
		require.True(t, e.Locked, name)
	}
	mustRelease(t, r.Service, l)
	requireNobody(t, r.Service)
}

func besideEachOther(t *testing.T, r *registry) {
	for i := range 8 {
		mustPut(t, r.Service, fmt.Sprint(i))
	}
	var wg sync.WaitGroup
	for i := range 8 {
		s := r.another()
		wg.Go(func() { mustAcquire(t, s, fmt.Sprint(i)) })
	}
	wg.Wait()
	view, err := r.Leases.View(t.Context())
	require.NoError(t, err)
	require.Len(t, view.Entries, 8)
}

func tokensGrow(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	var tokens []int64
	next := func(l leased) leased {
		tokens = append(tokens, l.Token)
		return l
	}
	mustRelease(t, r.Service, next(mustAcquire(t, r.Service, "a")))
	broken := next(mustAcquire(t, r.another(), "a"))
	requireStatus(t, 200, ask(t, r.Service, "break", request{id: broken.ID, operator: "me"}))
	next(mustAcquire(t, r.by(-hour), "a"))
	next(mustAcquire(t, r.Service, "a")) // evicts it
	require.IsIncreasing(t, tokens)
}

func pastExpired(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	for _, wish := range []wish{want("b", "a"), want("b", "a").waiting(25 * time.Second)} {
		dead := mustAcquire(t, r.by(-hour), "a")
		mustWaitIn(t, r.by(-hour), "a", "b") // and so is who waits behind it
		l := mustHave(t, r.Service, wish)
		requireStatus(t, 404, ask(t, r.Service, "leases", request{lease: dead.Lease}))
		mustRelease(t, r.Service, l)
		requireNobody(t, r.Service)
	}
}

func stillWaiting(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	mustAcquire(t, r.Service, "a")
	secret := lease.NewSecret()
	l := requireLease(t, 202, ask(t, r.by(30*time.Second), "acquire", request{lease: secret, body: want("b", "a").of("who waits").waiting(time.Millisecond)}))
	one := 1
	require.Equal(t, leased{
		Lease: secret, ID: lease.PublicID(secret), Owner: "who waits", Token: l.Token, Endpoints: []string{"a", "b"}, Ahead: &one, ExpiresAt: l.ExpiresAt,
	}, l)
	third := mustWait(t, r, "b")
	require.Equal(t, 1, *third.Ahead, "only those on one of its own endpoints")
	require.Equal(t, 2, *mustWait(t, r, "a").Ahead)
}

func heldByOthers(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	mustPut(t, r.Service, "c", 1)
	holder := mustHave(t, r.Service, want("b").of("the holder"))
	refused := fmt.Sprintf(`{"error":"'b' is already locked","endpoint":"b","owner":"the holder","expires_at":%q}`, holder.ExpiresAt)
	secret := lease.NewSecret()
	for range 2 {
		requireAnswer(t, 409, refused, ask(t, r.another(), "acquire", request{lease: secret, body: want("a", "b", "c")}))
		requireLocked(t, false, r.Service, "a")
		requireLocked(t, false, r.Service, "c")
	}
	mustRelease(t, r.Service, holder)
	requireNobody(t, r.Service)
	requireLease(t, 201, ask(t, r.another(), "acquire", request{lease: secret, body: want("a", "b", "c")})) // the id was not used yet
}

func wantedByOthers(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	mustLock(t, r.Service, "a")
	waiting := mustWait(t, r, "a", "b")
	refused := fmt.Sprintf(`{"error":"'b' is already locked","endpoint":"b","owner":"somebody","expires_at":%q}`, waiting.ExpiresAt)
	requireAnswer(t, 409, refused, ask(t, r.another(), "acquire", request{body: want("b")}))
	mustRelease(t, r.Service, waiting)
	mustAcquire(t, r.Service, "b")
}

func acquireUnknown(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	for _, name := range []string{"A", "", "b", strings.Repeat("x", 65), "ä"} {
		for _, wait := range []time.Duration{0, time.Second} {
			requireAnswer(t, 404, notFound(name), ask(t, r.Service, "acquire", request{lease: lease.NewSecret(), body: want("a", name).waiting(wait)}))
			requireNobody(t, r.Service)
		}
	}
}

func sameID(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	secret := lease.NewSecret()
	first := requireLease(t, 201, ask(t, r.Service, "acquire", request{lease: secret, body: want("a", "b")}))
	for _, s := range []*locks.Service{r.Service, r.another()} {
		for _, wish := range []wish{want("a", "b"), want("b", "a"), want("a", "b").waiting(time.Second)} {
			require.Equal(t, first, requireLease(t, 201, ask(t, s, "acquire", request{lease: secret, body: wish})))
		}
	}
	waits := lease.NewSecret()
	second := requireLease(t, 202, ask(t, r.Service, "acquire", request{lease: waits, body: want("a").waiting(time.Millisecond)}))
	again := requireLease(t, 202, ask(t, r.another(), "acquire", request{lease: waits, body: want("a").waiting(time.Millisecond)}))
	require.Equal(t, second.Token, again.Token, "it keeps its place")
	mustRelease(t, r.Service, first)
	granted := requireLease(t, 201, ask(t, r.another(), "acquire", request{lease: waits, body: want("a").waiting(25 * time.Second)}))
	require.Equal(t, second.Token, granted.Token)
	mustRelease(t, r.Service, granted)
	requireNobody(t, r.Service)
}

func sameIDAtOnce(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	for _, wait := range []time.Duration{0, 25 * time.Second} {
		secret := lease.NewSecret()
		var tokens [8]int64
		var wg sync.WaitGroup
		for i := range tokens {
			s := r.another()
			wg.Go(func() {
				tokens[i] = requireLease(t, 201, ask(t, s, "acquire", request{lease: secret, body: want("a").waiting(wait)})).Token
			})
		}
		wg.Wait()
		require.Len(t, slices.Compact(tokens[:]), 1)
		mustRelease(t, r.Service, leased{Lease: secret})
		requireNobody(t, r.Service)
	}
}

// noDeadlock has three processes want two of three endpoints each, in a circle, over
// and over.
func noDeadlock(t *testing.T, r *registry) {
	circle := []string{"a", "b", "c"}
	for _, name := range circle {
		mustPut(t, r.Service, name, 1)
	}
	var inside [3]sync.Mutex
	var wg sync.WaitGroup
	for i := range circle {
		s := r.another()
		wg.Go(func() {
			for range 4 {
				l := mustHave(t, s, want(circle[i], circle[(i+1)%3]).waiting(25*time.Second))
				require.True(t, inside[i].TryLock())
				require.True(t, inside[(i+1)%3].TryLock())
				inside[i].Unlock()
				inside[(i+1)%3].Unlock()
				mustRelease(t, s, l)
			}
		})
	}
	wg.Wait()
	requireNobody(t, r.Service)
}

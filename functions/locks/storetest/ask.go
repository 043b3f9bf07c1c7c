package storetest

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/shared/lease"
	"lockstep/shared/operation"
)

// request is a request by what it has of the contract's.
type request struct {
	endpoint, id                   string // of the path
	lease, token, client, operator string // headers
	signer                         string
	query                          map[string]string
	body                           any // a string is sent as it is
}

// ask runs the service's operation of that name.
func ask(t *testing.T, s *locks.Service, name string, r request) operation.Response {
	t.Helper()
	all := s.Operations()
	i := slices.IndexFunc(all, func(o operation.Operation) bool { return o.Name == name })
	require.GreaterOrEqual(t, i, 0, "no operation %s", name)
	wire := operation.Request{
		Path: map[string]string{"endpoint": r.endpoint, "id": r.id}, Query: r.query, Header: map[string]string{}, Signer: r.signer,
	}
	for header, value := range map[string]string{"lease": r.lease, "fencing-token": r.token, "x-client": r.client, "x-operator": r.operator} {
		if value != "" {
			wire.Header[header] = value
		}
	}
	switch body := r.body.(type) {
	case nil:
	case string:
		wire.Body = []byte(body)
	default:
		text, err := json.Marshal(body)
		require.NoError(t, err)
		wire.Body = text
	}
	return all[i].Handle(t.Context(), wire)
}

func requireAnswer(t *testing.T, status int, body string, got operation.Response) {
	t.Helper()
	require.JSONEq(t, body, string(got.Body))
	require.Equal(t, status, got.Status)
}

// requireError requires an error with that text, and returns the whole of it.
func requireError(t *testing.T, status int, text string, got operation.Response) map[string]any {
	t.Helper()
	said := map[string]any{}
	mustDecode(t, got, &said)
	require.Equal(t, text, said["error"])
	require.Equal(t, status, got.Status)
	return said
}

// requireStatus requires no more than an answer's kind.
func requireStatus(t *testing.T, status int, got operation.Response) {
	t.Helper()
	require.Equal(t, status, got.Status, "%s", got.Body)
}

func mustDecode(t *testing.T, got operation.Response, into any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(got.Body, into), "%d %s", got.Status, got.Body)
}

// later runs f on the side. If the test ends within f, what comes is the zero value.
func later[T any](f func() T) <-chan T {
	result := make(chan T, 1)
	go func() {
		defer close(result)
		result <- f()
	}()
	return result
}

// mustPut adds an endpoint.
func mustPut(t *testing.T, s *locks.Service, name string, ids ...int64) {
	t.Helper()
	require.NoError(t, s.Store.PutEndpoint(t.Context(), name, ids))
}

// mustRegistry asks for the registry.
func mustRegistry(t *testing.T, s *locks.Service) (all map[string]locks.Endpoint) {
	t.Helper()
	got := ask(t, s, "registry", request{})
	requireStatus(t, 200, got)
	mustDecode(t, got, &all)
	return all
}

// requireLocked requires what the registry shows.
func requireLocked(t *testing.T, want bool, s *locks.Service, name string) {
	t.Helper()
	all := mustRegistry(t, s)
	require.Contains(t, all, name)
	require.Equal(t, want, all[name].Locked, "whether '%s' is locked", name)
}

// requireNobody requires that nobody holds or waits for anything.
func requireNobody(t *testing.T, s *locks.Service) {
	t.Helper()
	view, err := s.Leases.View(t.Context())
	require.NoError(t, err)
	require.Empty(t, view.Entries)
}

// wish is the body of POST /leases.
type wish struct {
	Endpoints []string `json:"endpoints"`
	Owner     string   `json:"owner"`
	TTL       int64    `json:"ttl_ms"`
	Wait      int64    `json:"wait_ms"`
}

// want wishes for the endpoints, for a minute and without waiting.
func want(endpoints ...string) wish {
	return wish{Endpoints: endpoints, Owner: "somebody", TTL: time.Minute.Milliseconds()}
}

func (w wish) waiting(d time.Duration) wish {
	w.Wait = d.Milliseconds()
	return w
}

func (w wish) lasting(d time.Duration) wish {
	w.TTL = d.Milliseconds()
	return w
}

func (w wish) of(owner string) wish {
	w.Owner = owner
	return w
}

// leased is the answer about one lease.
type leased struct {
	Lease     string   `json:"lease"`
	ID        string   `json:"id"`
	Owner     string   `json:"owner"`
	Token     int64    `json:"token"`
	Endpoints []string `json:"endpoints"`
	Granted   bool     `json:"granted"`
	Ahead     *int     `json:"ahead"`
	ExpiresAt string   `json:"expires_at"`
}

// expires reads when it expires.
func (l leased) expires(t *testing.T) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04:05.000Z", l.ExpiresAt)
	require.NoError(t, err)
	return at
}

// requireLease requires an answer about a lease.
func requireLease(t *testing.T, status int, got operation.Response) (l leased) {
	t.Helper()
	requireStatus(t, status, got)
	mustDecode(t, got, &l)
	return l
}

// mustAcquire leases the endpoints at once, under an id of the caller's.
func mustAcquire(t *testing.T, s *locks.Service, endpoints ...string) leased {
	t.Helper()
	return mustHave(t, s, want(endpoints...))
}

// mustHave is mustAcquire for a wish with other properties.
func mustHave(t *testing.T, s *locks.Service, w wish) leased {
	t.Helper()
	l := requireLease(t, 201, ask(t, s, "acquire", request{lease: lease.NewSecret(), body: w}))
	require.True(t, l.Granted)
	return l
}

// mustWait puts a wish in line behind somebody. It gives no sign of life after that,
// but its process's clock is ahead: it stands for half a minute.
func mustWait(t *testing.T, r *registry, endpoints ...string) leased {
	t.Helper()
	return mustWaitIn(t, r.by(30*time.Second), endpoints...)
}

func mustWaitIn(t *testing.T, s *locks.Service, endpoints ...string) leased {
	t.Helper()
	l := requireLease(t, 202, ask(t, s, "acquire", request{lease: lease.NewSecret(), body: want(endpoints...).waiting(time.Millisecond)}))
	require.False(t, l.Granted)
	return l
}

// mustRelease gives a lease up.
func mustRelease(t *testing.T, s *locks.Service, l leased) {
	t.Helper()
	requireStatus(t, 204, ask(t, s, "release", request{lease: l.Lease}))
}

// mustLock and mustUnlock do what old clients do.
func mustLock(t *testing.T, s *locks.Service, endpoint string) {
	t.Helper()
	requireAnswer(t, 200, `{}`, ask(t, s, "lock", request{endpoint: endpoint}))
}

func mustUnlock(t *testing.T, s *locks.Service, endpoint string) {
	t.Helper()
	requireAnswer(t, 200, `{}`, ask(t, s, "unlock", request{endpoint: endpoint}))
}

package e2e_test

import (
	"crypto/rand"
	"encoding/json"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
)

// endpoint is one that a test has made for itself.
type endpoint struct {
	name string
	ids  []string // of the resources that it serves
}

// reading is the path of its first resource.
func (e endpoint) reading() string { return "/" + e.name + "/resource/" + e.ids[0] }

// newResources draws ids that nobody has used, whatever was written where the tests
// ran before.
func newResources(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = strconv.FormatInt(mathrand.Int64N(1<<53), 10)
	}
	return ids
}

// newEndpoint adds an endpoint for the test. When that ends the endpoint goes again,
// which it only can if nobody holds or waits for it any more.
func newEndpoint(t *testing.T, s server, ids ...string) endpoint {
	t.Helper()
	e := endpoint{"e2e-" + rand.Text(), ids}
	at := "/" + url.PathEscape(e.name)
	play(t, s.locks, []step{{what: "add", method: "PUT", path: at, body: `{"resources": [` + strings.Join(ids, ",") + `]}`, status: 200}})
	t.Cleanup(func() {
		if got := call(t, s.locks, step{method: "DELETE", path: at}); !t.Failed() {
			require.Equal(t, http.StatusOK, got.status, "delete %s: %s", e.name, got.body)
		}
	})
	return e
}

// holder is somebody with a lease, or in line for one.
type holder struct {
	base   string
	owner  string
	secret string
	leased leased
}

// leased is a lease as its holder is told of it.
type leased struct {
	Lease     string   `json:"lease"`
	ID        string   `json:"id"`
	Owner     string   `json:"owner"`
	Token     int64    `json:"token"`
	Endpoints []string `json:"endpoints"`
	Granted   *bool    `json:"granted"`
	Ahead     *int     `json:"ahead"`
	ExpiresAt string   `json:"expires_at"`
}

// newHolder returns somebody who chooses the lease's secret id.
func newHolder(s server, owner string) *holder {
	return &holder{base: s.locks, owner: owner, secret: rand.Text()}
}

// try makes a request with the lease's secret.
func (h *holder) try(t *testing.T, method, path, body string) reply {
	t.Helper()
	header := map[string]string{"Lease": h.secret, "Fencing-Token": strconv.FormatInt(h.leased.Token, 10)}
	return call(t, h.base, step{method: method, path: path, header: header, body: body})
}

// ask makes a request that is answered with the status.
func (h *holder) ask(t *testing.T, status int, method, path, body string) reply {
	t.Helper()
	got := h.try(t, method, path, body)
	require.Equal(t, status, got.status, "%s: %s %s: %s", h.owner, method, path, got.body)
	return got
}

// wants is the body of an acquire.
func wants(t *testing.T, owner string, ttl, wait time.Duration, endpoints ...endpoint) string {
	t.Helper()
	names := make([]string, len(endpoints))
	for i, e := range endpoints {
		names[i] = e.name
	}
	return jsonOf(t, map[string]any{"endpoints": names, "owner": owner, "ttl_ms": ttl.Milliseconds(), "wait_ms": wait.Milliseconds()})
}

// longTTL is longer than any test takes.
const longTTL = 5 * time.Minute

// acquire leases the endpoints, or waits in line after the time is over: the status
// says which.
func (h *holder) acquire(t *testing.T, status int, wait time.Duration, endpoints ...endpoint) {
	t.Helper()
	h.told(t, h.ask(t, status, "POST", "/leases", wants(t, h.owner, longTTL, wait, endpoints...)), status == http.StatusCreated)
}

// told takes note of what an answer says of the lease, and holds it against what is
// known already.
func (h *holder) told(t *testing.T, got reply, granted bool) {
	t.Helper()
	var now leased
	require.NoError(t, json.Unmarshal(got.body, &now))
	require.Equal(t, h.secret, now.Lease)
	require.Equal(t, lease.PublicID(h.secret), now.ID)
	require.Equal(t, h.owner, now.Owner)
	require.NotNil(t, now.Granted)
	require.Equal(t, granted, *now.Granted, "granted: %s", got.body)
	require.Equal(t, granted, now.Ahead == nil, "only who waits has others ahead: %s", got.body)
	_, err := time.Parse("2006-01-02T15:04:05.000Z", now.ExpiresAt)
	require.NoError(t, err)
	if h.leased.ID != "" {
		require.Equal(t, h.leased.Token, now.Token, "a lease has one token")
		require.Equal(t, h.leased.Endpoints, now.Endpoints)
	}
	h.leased = now
}

// look asks how the lease stands, and waits for it for that long.
func (h *holder) look(t *testing.T, granted bool, wait time.Duration) {
	t.Helper()
	h.told(t, h.ask(t, http.StatusOK, "GET", "/leases?wait_ms="+strconv.FormatInt(wait.Milliseconds(), 10), ""), granted)
}

func (h *holder) release(t *testing.T) {
	t.Helper()
	h.ask(t, http.StatusNoContent, "DELETE", "/leases", "")
}

// gone holds that the lease is over, whatever its holder asks.
func (h *holder) gone(t *testing.T) {
	t.Helper()
	h.ask(t, http.StatusNotFound, "GET", "/leases", "")
	h.ask(t, http.StatusGone, "PUT", "/leases", `{"ttl_ms": 60000}`)
	h.ask(t, http.StatusNotFound, "DELETE", "/leases", "")
}

// beside runs f beside the test, which does not end before f has.
func beside(t *testing.T, f func()) (wait func()) {
	t.Helper()
	var running sync.WaitGroup
	running.Go(f)
	t.Cleanup(running.Wait)
	return running.Wait
}

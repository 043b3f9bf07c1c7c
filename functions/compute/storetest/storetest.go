// Package storetest is the conformance suite of the compute service over a store: what
// both promise, in the contract's words. Every store must pass it.
package storetest

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/compute"
	"lockstep/shared/operation"
	"lockstep/shared/pi"
)

// Open makes an empty store, a new one at each call, and returns what opens it: each
// time as another process has it.
type Open func(*testing.T) func() compute.Store

// place is the service on a store that is empty at first, in one process.
type place struct {
	*compute.Service
	open func() compute.Store
	log  *log
}

// log is a server log.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// lines returns the log's lines, without their times.
func (l *log) lines(t *testing.T) (all []map[string]any) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for d := json.NewDecoder(bytes.NewReader(l.text.Bytes())); d.More(); {
		line := map[string]any{}
		require.NoError(t, d.Decode(&line))
		require.NotEmpty(t, line["time"])
		delete(line, "time")
		delete(line, "level")
		all = append(all, line)
	}
	return all
}

func newPlace(t *testing.T, open func() compute.Store) *place {
	t.Helper()
	sampler, err := pi.New(pi.Auto)
	require.NoError(t, err)
	l := &log{}
	s := &compute.Service{Store: open(), Pi: pi.NewPool(sampler, 2), ShardsAtATime: 4, Server: slog.New(slog.NewJSONHandler(l, nil)), QuoteAddr: "127.0.0.1:1"}
	return &place{s, open, l}
}

// another returns the service as another process has it.
func (p *place) another(t *testing.T) *place { return newPlace(t, p.open) }

// test is one promise.
type test = func(*testing.T, *place)

// Run runs the suite.
func Run(t *testing.T, open Open) {
	t.Helper()
	for about, tests := range map[string]map[string]test{
		"users": users, "fields": fields, "pi": estimates, "runs": runs, "steps": steps, "logins": logins,
	} {
		t.Run(about, func(t *testing.T) {
			t.Parallel()
			for name, test := range tests {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					test(t, newPlace(t, open(t)))
				})
			}
		})
	}
}

func named(t *testing.T, p *place, name string) operation.Operation {
	t.Helper()
	all := p.Operations()
	i := slices.IndexFunc(all, func(o operation.Operation) bool { return o.Name == name })
	require.GreaterOrEqual(t, i, 0, "no operation %s", name)
	return all[i]
}

// address is where requests come from.
const address = "203.0.113.7"

// post runs an operation with a body.
func post(t *testing.T, p *place, name, body string) operation.Response {
	t.Helper()
	return named(t, p, name).Handle(t.Context(), operation.Request{Body: []byte(body), Caller: address})
}

// user is the body of a user who is known, with the fields.
func user(fields string) string {
	if fields != "" {
		fields = "," + fields
	}
	return `{"username":"0123","password":"0123-pw"` + fields + `}`
}

func requireError(t *testing.T, status int, text string, got operation.Response) {
	t.Helper()
	require.JSONEq(t, `{"error":"`+text+`"}`, string(got.Body))
	require.Equal(t, status, got.Status)
}

func mustDecode(t *testing.T, got operation.Response, status int, into any) {
	t.Helper()
	require.Equal(t, status, got.Status, "%s", got.Body)
	require.NoError(t, json.Unmarshal(got.Body, into))
}

func requireLogins(t *testing.T, want map[string]int64, p *place) {
	t.Helper()
	got := map[string]int64{}
	mustDecode(t, named(t, p, "logins").Handle(t.Context(), operation.Request{}), 200, &got)
	require.Equal(t, want, got)
}

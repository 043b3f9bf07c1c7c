package e2e_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/syncquery"
)

// step is one request and what the contract says of its answer.
type step struct {
	what   string
	method string
	path   string
	header map[string]string
	body   string
	status int
	error  string // the error's text; empty: the answer is an object without an error
	field  string // the field that the error names
	check  func(t *testing.T, body []byte)
}

// reply is an answer, read to its end.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// patience is more than any request takes.
const patience = time.Minute

// call makes a request as one and the same client. It does so also while a test
// cleans up, when the test's own context has ended.
func call(t *testing.T, base string, s step) reply {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, s.method, base+s.path, strings.NewReader(s.body))
	require.NoError(t, err)
	r.Header.Set("X-Client", "contract")
	for name, value := range s.header {
		r.Header.Set(name, value)
	}
	answer, err := (&http.Client{Transport: client()}).Do(r)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	if answer.StatusCode == http.StatusNoContent {
		require.Empty(t, body)
	} else {
		require.Equal(t, "application/json", strings.Split(answer.Header.Get("Content-Type"), ";")[0], "%s %s: %s", s.method, s.path, body)
	}
	return reply{answer.StatusCode, answer.Header, body}
}

// play makes requests one after the other, and holds each answer against its step.
func play(t *testing.T, base string, steps []step) {
	t.Helper()
	for _, s := range steps {
		got := call(t, base, s)
		require.Equal(t, s.status, got.status, "%s: %s %s: %s", s.what, s.method, s.path, got.body)
		if got.status == http.StatusNoContent {
			continue
		}
		var answer map[string]any
		require.NoError(t, json.Unmarshal(got.body, &answer), "%s: %s", s.what, got.body)
		switch {
		case s.error != "":
			require.Equal(t, s.error, answer["error"], s.what)
		case s.field != "":
			require.NotEmpty(t, answer["error"], s.what)
		default:
			require.NotContains(t, answer, "error", s.what)
		}
		if s.field != "" {
			require.Equal(t, s.field, answer["field"], "%s: %s", s.what, got.body)
		}
		if s.check != nil {
			s.check(t, got.body)
		}
	}
}

// jsonOf writes a request's body.
func jsonOf(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return string(text)
}

func registryOf(t *testing.T, base string) syncquery.Registry {
	t.Helper()
	got := call(t, base, step{method: "GET", path: "/registry"})
	require.Equal(t, http.StatusOK, got.status)
	registry, err := syncquery.ParseRegistry(got.body)
	require.NoError(t, err)
	return registry
}

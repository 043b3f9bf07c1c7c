//go:build !js

package oldserver_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/syncquery"
	"lockstep/wasmclient/oldserver"
)

type server struct {
	t   *testing.T
	url string
}

func start(t *testing.T, o oldserver.Options) server {
	t.Helper()
	s := httptest.NewServer(oldserver.New(syncquery.Registry{{Name: "b", Resources: []int64{1}}, {Name: "a"}}, o))
	t.Cleanup(s.Close)
	return server{t, s.URL}
}

// as makes a call as a client; err is that of a call without an answer.
func (s server) as(client, method, path string) (answer *http.Response, body string, err error) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, nil)
	require.NoError(s.t, err)
	r.Header.Set("X-Client", client)
	answer, err = http.DefaultClient.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	return answer, string(text), err
}

func (s server) status(client, method, path string) int {
	s.t.Helper()
	answer, _, err := s.as(client, method, path)
	require.NoError(s.t, err)
	return answer.StatusCode
}

func (s server) stats() (all map[string]any) {
	s.t.Helper()
	_, body, err := s.as("", "GET", "/stats")
	require.NoError(s.t, err)
	require.NoError(s.t, json.Unmarshal([]byte(body), &all))
	return all
}

func TestWithoutFlawsALockIsItsOwners(t *testing.T) {
	t.Parallel()
	s := start(t, oldserver.Options{})
	require.Equal(t, 403, s.status("me", "GET", "/b/resource/1"), "not locked")
	require.Equal(t, 200, s.status("me", "POST", "/b/lock"))
	require.Equal(t, 403, s.status("you", "DELETE", "/b/lock"))
	require.Equal(t, 200, s.status("me", "GET", "/b/resource/1"))
	require.Equal(t, 200, s.status("you", "GET", "/b/resource/1"), "it does not know who reads, but keeps the book")
	require.Equal(t, []any{"b"}, s.stats()["locks_left"])
	require.Equal(t, 200, s.status("me", "DELETE", "/b/lock"))
	stats := s.stats()
	require.EqualValues(t, 1, stats["reads_without_lock"])
	require.EqualValues(t, 1, stats["reads_under_foreign_lock"])
	require.EqualValues(t, 0, stats["foreign_locks_freed"])
	require.Empty(t, stats["locks_left"])
	require.Equal(t, map[string]any{"200": 1.0, "403": 1.0}, stats["calls"].(map[string]any)["DELETE /{endpoint}/lock"])
	require.Equal(t, 200, s.status("", "POST", "/stats/reset"))
	require.Empty(t, s.stats()["calls"])
}

func TestTheRegistryKeepsItsOrder(t *testing.T) {
	t.Parallel()
	_, body, err := start(t, oldserver.Options{}).as("", "GET", "/registry")
	require.NoError(t, err)
	require.Equal(t, `{"b":{"locked":false,"resources":[1]},"a":{"locked":false,"resources":[]}}`+"\n", body)
}

func TestUnlockedReads(t *testing.T) {
	t.Parallel()
	s := start(t, oldserver.Options{UnlockedReads: true})
	require.Equal(t, 200, s.status("me", "GET", "/b/resource/1"))
	require.EqualValues(t, 1, s.stats()["reads_without_lock"])
}

func TestFreeAny(t *testing.T) {
	t.Parallel()
	s := start(t, oldserver.Options{FreeAny: true})
	require.Equal(t, 200, s.status("me", "POST", "/b/lock"))
	require.Equal(t, 200, s.status("you", "DELETE", "/b/lock"))
	require.EqualValues(t, 1, s.stats()["foreign_locks_freed"])
}

func TestClose(t *testing.T) {
	t.Parallel()
	answer, _, err := start(t, oldserver.Options{Close: true}).as("", "GET", "/registry")
	require.NoError(t, err)
	require.True(t, answer.Close)
}

func TestCORS(t *testing.T) {
	t.Parallel()
	answer, _, err := start(t, oldserver.Options{CORS: true}).as("", "OPTIONS", "/b/lock")
	require.NoError(t, err)
	require.Equal(t, 204, answer.StatusCode)
	require.Equal(t, "*", answer.Header.Get("Access-Control-Allow-Origin"))
	answer, _, err = start(t, oldserver.Options{}).as("", "GET", "/registry")
	require.NoError(t, err)
	require.Empty(t, answer.Header.Get("Access-Control-Allow-Origin"))
}

func TestAnErrorComesBeforeTheEffect(t *testing.T) {
	t.Parallel()
	s := start(t, oldserver.Options{ErrorRate: 1})
	answer, body, err := s.as("me", "POST", "/b/lock")
	require.NoError(t, err)
	require.Equal(t, 500, answer.StatusCode)
	require.Contains(t, body, "<h1>")
	require.Empty(t, s.stats()["locks_left"])
	require.Empty(t, s.stats()["answers_lost"])
}

func TestALostAnswerComesAfterTheEffect(t *testing.T) {
	t.Parallel()
	s := start(t, oldserver.Options{DropRate: 1})
	_, _, err := s.as("me", "POST", "/b/lock")
	require.Error(t, err)
	require.Equal(t, []any{"b"}, s.stats()["locks_left"])
	require.Equal(t, []any{"b"}, s.stats()["answers_lost"])
}

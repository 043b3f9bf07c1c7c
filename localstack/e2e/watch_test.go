package e2e_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// event is a line of GET /watch.
type event struct {
	Seq       int64    `json:"seq"`
	At        string   `json:"at"`
	Event     string   `json:"event"`
	Endpoints []string `json:"endpoints"`
	ID        string   `json:"id"`
	Owner     string   `json:"owner"`
	Token     int64    `json:"token"`
}

// A watcher sees a lock and its unlock, in order, after the heartbeat that says
// that it is on.
func TestWatch(t *testing.T) {
	for _, store := range []string{"memory", "dynamodb"} {
		t.Run(store, func(t *testing.T) {
			base := startBundle(t, store).LocksURL
			answer, err := http.Get(base + "/watch?for_ms=20000")
			require.NoError(t, err)
			defer func() { _ = answer.Body.Close() }()
			lines := bufio.NewScanner(answer.Body)
			next := func() (e event) {
				for lines.Scan() {
					require.NoError(t, json.Unmarshal(lines.Bytes(), &e))
					if e.Event != "heartbeat" {
						return e
					}
				}
				t.Fatal("the watch ended too early")
				return e
			}
			require.True(t, lines.Scan(), "the first heartbeat")
			e, _ := free(t, base)
			at := "/" + url.PathEscape(e.Name)
			play(t, base, []step{
				{what: "lock", method: "POST", path: at + "/lock", status: 200},
				{what: "free", method: "DELETE", path: at + "/lock", status: 200},
			})
			lock, unlock := next(), next()
			require.Equal(t, "lock", lock.Event)
			require.Equal(t, "unlock", unlock.Event)
			require.Equal(t, []string{e.Name}, lock.Endpoints)
			require.Equal(t, lock.Endpoints, unlock.Endpoints)
			require.Equal(t, lock.Token, unlock.Token)
			require.Greater(t, unlock.Seq, lock.Seq)
		})
	}
}

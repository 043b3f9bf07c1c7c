package e2e_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"lockstep/localstack/bundle"
	"lockstep/shared/dynamo/faults"
	"lockstep/shared/need"
)

// 200 clients make 10,000 requests while the database fails and loses answers. What was
// answered was counted, once; what failed, at most once; and a restart loses nothing.
func TestLoginsAreCountedExactly(t *testing.T) {
	notWithURL(t)
	for _, store := range []string{"memory", "dynamodb"} {
		t.Run(store, func(t *testing.T) {
			if store == "dynamodb" {
				need.DynamoDB(t)
			}
			config := bundle.Config{Store: store, ServerLog: filepath.Join(t.TempDir(), "serverinfo.log"), LoginStat: filepath.Join(t.TempDir(), "login_stat.json")}
			unreliable := config
			unreliable.Options = func(string) []func(*dynamodb.Options) {
				return []func(*dynamodb.Options){faults.Soon, faults.Inject(faults.Random(2, goesWrong,
					faults.Throttled, faults.ServerError, faults.ServerErrorAfter, faults.Unsent, faults.Lost, faults.BrokenOff, faults.Conflict))}
			}
			b := startWith(t, unreliable)
			before := loginsOf(t, b.ComputeURL)
			counted, inDoubt := logInAll(t, b.ComputeURL)
			require.NoError(t, b.Stop())

			after := loginsOf(t, startWith(t, config).ComputeURL)
			for user := range counted {
				n := after[user] - before[user]
				require.GreaterOrEqual(t, n, counted[user].Load(), user)
				require.LessOrEqual(t, n, counted[user].Load()+inDoubt[user].Load(), user)
			}
			text, err := os.ReadFile(config.LoginStat)
			require.NoError(t, err)
			var written map[string]int64
			require.NoError(t, json.Unmarshal(text, &written))
			require.Equal(t, after, written)
		})
	}
}

// logInAll makes all requests, and returns how often each user was let in for sure, and
// perhaps.
func logInAll(t *testing.T, base string) (counted, inDoubt map[string]*atomic.Int64) {
	t.Helper()
	const clients, requests, users = 200, 10_000, 50
	counted, inDoubt = map[string]*atomic.Int64{}, map[string]*atomic.Int64{}
	name := func(i int) string { return fmt.Sprintf("%04d", 9900+i) }
	for i := range users {
		counted[name(i)], inDoubt[name(i)] = new(atomic.Int64), new(atomic.Int64)
	}
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for range requests / clients {
				user := name(rand.N(users))
				// Half of them are refused after they have logged in.
				fields := []string{`,"simulations":100`, ``}[rand.N(2)]
				got := call(t, base, step{method: "POST", path: "/pi", body: `{"username":"` + user + `","password":"` + user + `-pw"` + fields + `}`})
				switch got.status {
				case http.StatusOK, http.StatusBadRequest:
					counted[user].Add(1)
				case http.StatusServiceUnavailable: // nothing was done
				default:
					inDoubt[user].Add(1)
				}
			}
		})
	}
	all.Wait()
	return counted, inDoubt
}

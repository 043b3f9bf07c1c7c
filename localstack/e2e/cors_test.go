package e2e_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A page of any origin may send the contract's headers and read the answers, errors
// too.
func TestPagesMayCall(t *testing.T) {
	ourServers(t, func(t *testing.T, s server) {
		e, _ := free(t, s.locks)
		for path, method := range map[string]string{
			"/leases": "PUT", "/leases/x/break": "POST", "/resources": "PUT", "/query": "POST", "/registry": "GET",
			"/" + url.PathEscape(e.Name) + "/lock": "DELETE",
		} {
			asked := []string{"lease", "fencing-token", "x-client", "x-operator", "content-type", "idempotency-key"}
			preflight := call(t, s.locks, step{method: "OPTIONS", path: path, header: map[string]string{
				"Origin": "https://example.com", "Access-Control-Request-Method": method, "Access-Control-Request-Headers": strings.Join(asked, ","),
			}})
			require.Less(t, preflight.status, 300, path)
			require.Equal(t, "*", preflight.header.Get("Access-Control-Allow-Origin"), path)
			require.Contains(t, preflight.header.Get("Access-Control-Allow-Methods"), method, path)
			allowed := strings.Split(strings.ToLower(strings.ReplaceAll(preflight.header.Get("Access-Control-Allow-Headers"), " ", "")), ",")
			for _, name := range asked {
				require.True(t, slices.Contains(allowed, name), "%s at %s: %v", name, path, allowed)
			}
		}
		for path, status := range map[string]int{"/leases": http.StatusOK, "/leases?limit=0": http.StatusBadRequest} {
			got := call(t, s.locks, step{method: "GET", path: path, header: map[string]string{"Origin": "https://example.com"}})
			require.Equal(t, status, got.status, path)
			require.Equal(t, "*", got.header.Get("Access-Control-Allow-Origin"), path)
		}
	})
}

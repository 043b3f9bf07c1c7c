package e2e_test

import (
	"flag"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep"
	"lockstep/localstack/bundle"
	"lockstep/shared/need"
	"lockstep/shared/syncquery"
	"lockstep/wasmclient/oldserver"
)

var target = flag.String("url", "", "run against the server here instead of starting some")

// built is a file that `make build` makes.
func built(t testing.TB, name, path string) string {
	t.Helper()
	return need.File(t, name, filepath.Join("..", "..", "build", path), "`make build` makes it")
}

// startBundle starts our own services on free ports.
func startBundle(t testing.TB, store string) *bundle.Bundle {
	t.Helper()
	if store == "dynamodb" {
		need.DynamoDB(t)
	}
	b, err := bundle.Start(t.Context(), bundle.Config{
		Host: "127.0.0.1", Store: store, ReadTime: 100 * time.Millisecond, Web: filepath.Join("..", "..", "build", "web"),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Stop()) })
	return b
}

// startOld starts an old server with the flaws.
func startOld(t testing.TB, options oldserver.Options) *httptest.Server {
	t.Helper()
	registry, err := syncquery.ParseRegistry(lockstep.Registry)
	require.NoError(t, err)
	s := httptest.NewServer(oldserver.New(registry, options))
	t.Cleanup(s.Close)
	return s
}

// everyServer runs the test against the server at -url, or against each that we have.
func everyServer(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	if *target != "" {
		test(t, *target)
		return
	}
	for _, store := range []string{"memory", "dynamodb"} {
		t.Run(store, func(t *testing.T) { test(t, startBundle(t, store).LocksURL) })
	}
	t.Run("oldserver", func(t *testing.T) { test(t, startOld(t, oldserver.Options{}).URL) })
}

package storetest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
)

// endpoints is what a store says of endpoints.
var endpoints = map[string]test{
	"an empty registry has none":                  noEndpoints,
	"put adds and replaces":                       putEndpoints,
	"an unknown one is not found":                 unknownEndpoint,
	"a deleted one is gone and may come back":     deletedEndpoint,
	"names are case-sensitive and any characters": endpointNames,
	"a registry of more than a page is whole":     manyEndpoints,
}

// oddNames are names that some technology or other takes for something else.
var oddNames = []string{"a", "A", "a.b", "a b", "ключ", "#n", ":v", "n", "v", "SELECT", `"`, "a'b", "[0]", "é", "😀", "%2F", "lock-a"}

func mustEndpoints(t *testing.T, s locks.Store) map[string][]int64 {
	t.Helper()
	all, err := s.Endpoints(t.Context())
	require.NoError(t, err)
	return all
}

func noEndpoints(t *testing.T, r *registry) {
	all := mustEndpoints(t, r.Store)
	require.NotNil(t, all)
	require.Empty(t, all)
}

func putEndpoints(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1, 2, 30)
	mustPut(t, r.Service, "b")
	mustPut(t, r.Service, "a", 2, 4)
	mustPut(t, r.Service, "a", 2, 4) // to repeat it does no harm
	all := mustEndpoints(t, r.Store)
	require.Len(t, all, 2)
	require.Equal(t, []int64{2, 4}, all["a"])
	require.Empty(t, all["b"])
	one, err := r.Store.Endpoint(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, []int64{2, 4}, one)
	none, err := r.Store.Endpoint(t.Context(), "b")
	require.NoError(t, err)
	require.Empty(t, none)
}

func unknownEndpoint(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a")
	for _, name := range []string{"A", "a ", "", "b", "ä"} {
		_, err := r.Store.Endpoint(t.Context(), name)
		require.ErrorIs(t, err, locks.ErrEndpointNotFound, "%q", name)
	}
}

func deletedEndpoint(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	require.NoError(t, r.Store.WriteStates(t.Context(), 1, map[int64]string{1: "written"}))
	for range 2 { // to repeat it does no harm
		require.NoError(t, r.Store.DeleteEndpoint(t.Context(), "a"))
	}
	require.Equal(t, map[string][]int64{"b": {1}}, mustEndpoints(t, r.Store))
	_, err := r.Store.Endpoint(t.Context(), "a")
	require.ErrorIs(t, err, locks.ErrEndpointNotFound)
	mustPut(t, r.Service, "a", 1)
	requireState(t, r.Store, "written", 1)
}

func endpointNames(t *testing.T, r *registry) {
	for i, name := range oddNames {
		mustPut(t, r.Service, name, int64(i))
	}
	all := mustEndpoints(t, r.Store)
	require.Len(t, all, len(oddNames))
	for i, name := range oddNames {
		require.Equal(t, []int64{int64(i)}, all[name], "%q", name)
		one, err := r.Store.Endpoint(t.Context(), name)
		require.NoError(t, err, "%q", name)
		require.Equal(t, []int64{int64(i)}, one, "%q", name)
	}
}

// DynamoDB answers with 1 MB at a time.
func manyEndpoints(t *testing.T, r *registry) {
	ids := make([]int64, locks.MaxResources)
	for i := range ids {
		ids[i] = locks.MaxResource - locks.MaxResources + int64(i)
	}
	var wg sync.WaitGroup
	const many = 100
	for i := range many {
		wg.Go(func() { mustPut(t, r.Service, fmt.Sprint("e", i), ids...) })
	}
	wg.Wait()
	all := mustEndpoints(t, r.Store)
	require.Len(t, all, many)
	for name, served := range all {
		require.Equal(t, ids, served, name)
	}
}

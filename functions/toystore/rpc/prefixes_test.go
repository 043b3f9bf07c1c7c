package rpc_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/toystore/rpc"
)

// A server that hands on what Prefixes says hands on every procedure.
func TestPrefixes(t *testing.T) {
	t.Parallel()
	mux, handler := http.NewServeMux(), rpc.Handler(stocked(t), 0)
	for _, prefix := range rpc.Prefixes() {
		mux.Handle(prefix, handler)
	}
	procedures := []string{
		query, "/grpc.health.v1.Health/Check",
		"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
	}
	require.Len(t, rpc.Prefixes(), len(procedures))
	for _, procedure := range procedures {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, procedure, http.NoBody)
		request.Proto, request.ProtoMajor, request.ProtoMinor = "HTTP/2.0", 2, 0
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, request)
		require.Equal(t, http.StatusUnsupportedMediaType, answer.Code, "%s is there, and wants a content type", procedure)
	}
}

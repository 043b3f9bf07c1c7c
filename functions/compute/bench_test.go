package compute_test

import (
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/compute"
	"lockstep/shared/operation"
	"lockstep/shared/pi"
)

// What a request costs beside the sampling: with 100 simulations at most 0.2 ms.
func BenchmarkHandler(b *testing.B) {
	sampler, err := pi.New(pi.Auto)
	require.NoError(b, err)
	service := &compute.Service{Store: compute.NewMemory(nil), Pi: pi.NewPool(sampler, 2), Server: slog.New(slog.NewJSONHandler(io.Discard, nil))}
	handler := service.Operations()[0]
	in := operation.Request{Body: []byte(`{"username":"0123","password":"0123-pw","simulations":100,"concurrency":8}`)}
	for b.Loop() {
		require.Equal(b, 200, handler.Handle(b.Context(), in).Status)
	}
	require.Less(b, b.Elapsed()/time.Duration(b.N), 200*time.Microsecond)
}

package rpc_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/toystore/rpc"
)

// FuzzRPC: no JSON is our fault.
func FuzzRPC(f *testing.F) {
	for _, body := range []string{
		``, `{}`, `null`, `[]`, `{"name":"Tux"}`, `{"name":"Tux","quantity":"3","idempotencyKey":"k"}`, `{"name":"Tux","quantity":-1}`,
		`{"name":"Tux","quantity":1e6,"idempotency_key":"é"}`, `{"name":"\u0000"}`, `{"name":"\ud800"}`, `{"name":"Fox","name":"Fox"}`, "\xff",
	} {
		f.Add([]byte(body))
	}
	o := rpc.Operation(stocked(f), 0)
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, method := range []string{"Query", "Buy"} {
			answer := o.Handle(t.Context(), post(method, "application/json", string(body)))
			if answer.Status == 200 {
				require.True(t, json.Valid(answer.Body), "%s", answer.Body)
				continue
			}
			var said struct{ Code string }
			require.NoError(t, json.Unmarshal(answer.Body, &said), "%s", answer.Body)
			require.Contains(t, []string{"invalid_argument", "not_found", "failed_precondition", "resource_exhausted"}, said.Code, "%s", answer.Body)
		}
	})
}

package rpc_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/need"
)

// MustPython returns the path of a Python that has grpcio with reflection, or skips.
func MustPython(t testing.TB) string {
	t.Helper()
	python, err := exec.LookPath("python3")
	var module []byte
	if err == nil { // without the modules there is no file, which is what need.File says
		module, _ = exec.CommandContext(t.Context(), python, "-c", "import grpc_reflection, grpc; print(grpc.__file__)").Output()
	}
	need.File(t, "grpcio", strings.TrimSpace(string(module)), "pip install grpcio grpcio-reflection, for the python3 on the PATH")
	return python
}

// Python's own gRPC, which shares no code with Go's.
func TestPython(t *testing.T) {
	t.Parallel()
	asked := []struct{ call, answer string }{
		{`Query {"name":"Tux"}`, `{"name":"Tux","priceCents":"2599","stock":"12"}`},
		{`Query {"name":"Fox"}`, `{"name":"Fox","priceCents":"1950"}`},
		{`Query {"name":"Yeti"}`, `{"code":"NOT_FOUND","message":"there is no toy 'Yeti'"}`},
		{`Query {"name":" "}`, `{"code":"INVALID_ARGUMENT","message":"name begins or ends with a space"}`},
		{`Buy {"name":"Tux"}`, `{"result":"RESULT_BOUGHT","stock":"11"}`},
		{`Buy {"name":"Tux","quantity":2,"idempotencyKey":"k"}`, `{"result":"RESULT_BOUGHT","stock":"9"}`},
		{`Buy {"name":"Tux","quantity":2,"idempotencyKey":"k"}`, `{"result":"RESULT_BOUGHT","stock":"9"}`},
		{`Buy {"name":"Tux","quantity":10}`, `{"result":"RESULT_OUT_OF_STOCK","stock":"9"}`},
		{`Buy {"name":"Yeti"}`, `{"result":"RESULT_NO_SUCH_TOY"}`},
		{`Buy {"name":"Tux","quantity":-1}`, `{"code":"INVALID_ARGUMENT","message":"quantity must be 1 to 1000000, not -1"}`},
	}
	var calls strings.Builder
	for _, a := range asked {
		calls.WriteString(a.call + "\n")
	}
	client := exec.CommandContext(t.Context(), MustPython(t), "testdata/client.py", MustServe(t, stocked(t), 0))
	client.Stdin = strings.NewReader(calls.String())
	var complaints strings.Builder
	client.Stderr = &complaints
	said, err := client.Output()
	require.NoError(t, err, "%s", complaints.String())
	answers := strings.Split(strings.TrimSpace(string(said)), "\n")
	require.Len(t, answers, len(asked))
	for i, a := range asked {
		require.JSONEq(t, a.answer, answers[i], a.call)
	}
}

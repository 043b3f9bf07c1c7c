package rpc_test

import (
	"context"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"lockstep/functions/toystore"
	"lockstep/functions/toystore/rpc"
	"lockstep/shared/operation"
	toystorev1 "lockstep/shared/proto/toystore/v1"
)

// post is a request as inlambda hands it over.
func post(method, content, body string) operation.Request {
	return operation.Request{
		Path:   map[string]string{"method": method},
		Header: map[string]string{"content-type": content, "accept-encoding": "gzip", "host": "example.com"},
		Body:   []byte(body),
	}
}

func TestOperation(t *testing.T) {
	t.Parallel()
	o := rpc.Operation(stocked(t), 0)
	require.Equal(t, []string{"rpc", "POST", "/toystore.v1.ToyStore/{method}"}, []string{o.Name, o.Method, o.Path})
	require.Equal(t, rpc.DefaultWorkers, o.Concurrency)
	const plain = "application/json"
	for name, step := range map[string]struct {
		method, content, body string
		status                int
		answer                string // a JSON value, or "" for any
	}{
		"OK":           {"Query", plain, `{"name":"Tux"}`, 200, `{"name":"Tux","priceCents":"2599","stock":"12"}`},
		"Charset":      {"Query", plain + "; charset=utf-8", `{"name":"Fox"}`, 200, `{"name":"Fox","priceCents":"1950"}`},
		"NotFound":     {"Query", plain, `{"name":"Yeti"}`, 404, `{"code":"not_found","message":"there is no toy 'Yeti'"}`},
		"BadJSON":      {"Query", plain, `{`, 400, ""},
		"Invalid":      {"Query", plain, `{"name":""}`, 400, ""},
		"TooLarge":     {"Query", plain, `{"name":"` + strings.Repeat("x", rpc.MaxBytes) + `"}`, 429, ""},
		"WrongContent": {"Query", "text/plain", `{"name":"Tux"}`, 415, ""},
		"Stream":       {"Query", "application/connect+json", `{"name":"Tux"}`, 415, ""},
		"NoSuchMethod": {"Steal", plain, `{}`, 404, ""},
		"NoMethod":     {"", plain, `{}`, 404, ""},
		"Deeper":       {"Query/x", plain, `{"name":"Tux"}`, 404, ""},
		"Beside":       {"../../grpc.health.v1.Health/Check", plain, `{}`, 404, ""},
		"Around":       {"../toystore.v1.ToyStore/Query", plain, `{"name":"Tux"}`, 404, ""},
		"WithQuery":    {"Query?x=1", plain, `{"name":"Tux"}`, 404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := o.Handle(t.Context(), post(step.method, step.content, step.body))
			require.Equal(t, step.status, answer.Status, "%s", answer.Body)
			if step.answer != "" {
				require.Equal(t, plain, strings.SplitN(answer.Header["Content-Type"], ";", 2)[0])
				require.JSONEq(t, step.answer, string(answer.Body))
			}
		})
	}
}

func TestOperationInBinary(t *testing.T) {
	t.Parallel()
	o := rpc.Operation(stocked(t), 0)
	in, err := proto.Marshal(&toystorev1.BuyRequest{Name: "Tux", Quantity: proto.Int64(3), IdempotencyKey: "k"})
	require.NoError(t, err)
	for range 2 { // repeated, it is sold once
		answer := o.Handle(t.Context(), post("Buy", "application/proto", string(in)))
		require.Equal(t, 200, answer.Status)
		require.Equal(t, "application/proto", answer.Header["Content-Type"])
		var sale toystorev1.BuyResponse
		require.NoError(t, proto.Unmarshal(answer.Body, &sale))
		require.Equal(t, toystorev1.Result_RESULT_BOUGHT, sale.GetResult())
		require.Equal(t, int64(9), sale.GetStock())
	}
}

// A compressed answer would need the API to be set up for it.
func TestOperationDoesNotCompress(t *testing.T) {
	t.Parallel()
	long := toystore.Toy{Name: strings.Repeat("x", 2000)}
	o := rpc.Operation(&toystore.Service{Store: double{toy: func(context.Context) (toystore.Toy, error) { return long, nil }}}, 0)
	answer := o.Handle(t.Context(), post("Query", "application/json", `{"name":"Tux"}`))
	require.Equal(t, 200, answer.Status)
	require.NotContains(t, answer.Header, "Content-Encoding")
	require.Contains(t, string(answer.Body), long.Name)
}

// Nothing may be sold to a caller that can't be told.
func TestOperationRefusesGRPC(t *testing.T) {
	t.Parallel()
	service := stocked(t)
	o := rpc.Operation(service, 0)
	in, err := proto.Marshal(&toystorev1.BuyRequest{Name: "Tux"})
	require.NoError(t, err)
	envelope := append([]byte{0, 0, 0, 0, byte(len(in))}, in...)
	for _, content := range []string{"application/grpc", "application/grpc+proto", "Application/gRPC-Web+proto"} {
		answer := o.Handle(t.Context(), post("Buy", content, string(envelope)))
		require.Equal(t, 415, answer.Status, content)
		require.Equal(t, "application/json, application/proto", answer.Header["Accept-Post"])
		require.JSONEq(t, `{"code":"unimplemented","message":"gRPC does not pass through a REST API: use the Connect protocol"}`, string(answer.Body))
	}
	left, err := service.Query(t.Context(), "Tux")
	require.NoError(t, err)
	require.Equal(t, int64(12), left.Stock)
}

func TestOperationTimeIsOver(t *testing.T) {
	logs := logsOf(t)
	for given, want := range map[string]time.Duration{"": rpc.Timeout, "5000": 5 * time.Second, "3600000": rpc.Timeout} {
		synctest.Test(t, func(t *testing.T) {
			request := post("Query", "application/json", `{"name":"Tux"}`)
			maps.Copy(request.Header, map[string]string{"connect-timeout-ms": given})
			begin := time.Now()
			answer := rpc.Operation(waiting(), 0).Handle(t.Context(), request)
			require.Equal(t, want, time.Since(begin), "the bubble's time")
			require.Equal(t, 504, answer.Status, "%s", answer.Body)
			require.Contains(t, string(answer.Body), `"code":"deadline_exceeded"`)
		})
	}
	require.Contains(t, logs.String(), "code=timeout")
}

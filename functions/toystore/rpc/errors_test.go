package rpc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"lockstep/functions/toystore"
	"lockstep/shared/failure"
	toystorev1 "lockstep/shared/proto/toystore/v1"
)

// onWire is what a gRPC client sees of each kind of failure.
var onWire = map[failure.Code]codes.Code{
	failure.Internal:           codes.Internal,
	failure.Invalid:            codes.InvalidArgument,
	failure.Unauthorized:       codes.Unauthenticated,
	failure.Refused:            codes.PermissionDenied,
	failure.NotFound:           codes.NotFound,
	failure.Conflict:           codes.Aborted,
	failure.Gone:               codes.NotFound,
	failure.PreconditionFailed: codes.FailedPrecondition,
	failure.TooLarge:           codes.ResourceExhausted,
	failure.Unprocessable:      codes.FailedPrecondition,
	failure.Busy:               codes.ResourceExhausted,
	failure.Upstream:           codes.Unknown, // never Unavailable, which libraries repeat
	failure.Timeout:            codes.DeadlineExceeded,
}

// ask queries Tux with grpc-go from a server of the service.
func ask(t *testing.T, service *toystore.Service) *status.Status {
	t.Helper()
	err := MustDial(t, MustServe(t, service, 0)).Invoke(t.Context(), query, &toystorev1.QueryRequest{Name: "Tux"}, &toystorev1.QueryResponse{})
	return status.Convert(err)
}

func TestFailures(t *testing.T) {
	logsOf(t) // they are not for the test's output
	for _, code := range failure.Codes() {
		t.Run(code.String(), func(t *testing.T) {
			require.Contains(t, onWire, code)
			got := ask(t, failing(fmt.Errorf("store: %w", failure.New(code, "so it is"))))
			require.Equal(t, onWire[code], got.Code())
			require.Equal(t, "so it is", got.Message())
			require.Empty(t, got.Details())
		})
	}
}

func TestFailureDetails(t *testing.T) {
	logs := logsOf(t)
	got := ask(t, failing(&failure.Error{Code: failure.Busy, Message: "too much", Field: "name", RetryAfter: 1500 * time.Millisecond}))
	require.Len(t, got.Details(), 2)
	require.True(t, proto.Equal(&errdetails.BadRequest{
		FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "name", Description: "too much"}},
	}, got.Details()[0].(proto.Message)))
	require.Equal(t, 1500*time.Millisecond, got.Details()[1].(*errdetails.RetryInfo).GetRetryDelay().AsDuration())
	require.Contains(t, logs.String(), "level=WARN msg=busy")
}

func TestUnknownError(t *testing.T) {
	logs := logsOf(t)
	got := ask(t, failing(errors.New("table stocks: secret")))
	require.Equal(t, codes.Internal, got.Code())
	require.Equal(t, "internal error", got.Message())
	require.Equal(t, 1, strings.Count(logs.String(), "level="), "it is logged once: %s", logs)
	require.Contains(t, logs.String(), "table stocks: secret")
	require.Contains(t, logs.String(), query)
}

func TestCallersFaultIsNotLogged(t *testing.T) {
	logs := logsOf(t)
	require.Equal(t, codes.NotFound, ask(t, failing(toystore.ErrNoSuchToy)).Code())
	require.Empty(t, logs.String())
}

func TestPanic(t *testing.T) {
	logs := logsOf(t)
	got := ask(t, &toystore.Service{Store: double{toy: func(context.Context) (toystore.Toy, error) { panic("secret") }}})
	require.Equal(t, codes.Internal, got.Code())
	require.Equal(t, "internal error", got.Message())
	require.Equal(t, 1, strings.Count(logs.String(), "level="), "it is logged once: %s", logs)
	require.Contains(t, logs.String(), "panic=secret")
	require.Contains(t, logs.String(), "errors_test.go", "the stack leads to the panic")
}

func TestInvalid(t *testing.T) {
	t.Parallel()
	conn := MustDial(t, MustServe(t, stocked(t), 0))
	for name, c := range map[string]struct {
		method string
		in     proto.Message
		field  string
	}{
		"QueryWithoutName": {query, &toystorev1.QueryRequest{}, "name"},
		"QueryLongName":    {query, &toystorev1.QueryRequest{Name: strings.Repeat("x", 101)}, "name"},
		"QueryTwoLines":    {query, &toystorev1.QueryRequest{Name: "Tux\nFox"}, "name"},
		"BuyWithoutName":   {buy, &toystorev1.BuyRequest{}, "name"},
		"BuyLongName":      {buy, &toystorev1.BuyRequest{Name: strings.Repeat("x", 101)}, "name"},
		"BuyLessThanNone":  {buy, &toystorev1.BuyRequest{Name: "Tux", Quantity: proto.Int64(-1)}, "quantity"},
		"BuyNone":          {buy, &toystorev1.BuyRequest{Name: "Tux", Quantity: proto.Int64(0)}, "quantity"},
		"BuyTooMany":       {buy, &toystorev1.BuyRequest{Name: "Tux", Quantity: proto.Int64(1_000_001)}, "quantity"},
		"BuyLongKey":       {buy, &toystorev1.BuyRequest{Name: "Tux", IdempotencyKey: strings.Repeat("k", 256)}, "idempotency_key"},
	} {
		t.Run(name, func(t *testing.T) {
			got := status.Convert(conn.Invoke(t.Context(), c.method, c.in, &toystorev1.BuyResponse{}))
			require.Equal(t, codes.InvalidArgument, got.Code())
			require.Len(t, got.Details(), 1)
			violations := got.Details()[0].(*errdetails.BadRequest).GetFieldViolations()
			require.Equal(t, c.field, violations[0].GetField())
			require.Equal(t, got.Message(), violations[0].GetDescription())
		})
	}
	t.Run("OK", func(t *testing.T) { // the longest name there may be
		in := &toystorev1.QueryRequest{Name: strings.Repeat("x", 100)}
		require.Equal(t, codes.NotFound, status.Code(conn.Invoke(t.Context(), query, in, &toystorev1.QueryResponse{})))
	})
}

// logsOf returns what is logged for as long as the test runs, which must not be parallel.
func logsOf(t *testing.T) *bytes.Buffer {
	logs, before := new(bytes.Buffer), slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(logs, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return logs
}

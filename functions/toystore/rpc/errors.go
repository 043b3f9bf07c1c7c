package rpc

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"lockstep/shared/failure"
)

// codes is how failures read on the wire.
var codes = map[failure.Code]connect.Code{
	failure.Internal:           connect.CodeInternal,
	failure.Invalid:            connect.CodeInvalidArgument,
	failure.Unauthorized:       connect.CodeUnauthenticated,
	failure.Refused:            connect.CodePermissionDenied,
	failure.NotFound:           connect.CodeNotFound,
	failure.Conflict:           connect.CodeAborted,
	failure.Gone:               connect.CodeNotFound,
	failure.PreconditionFailed: connect.CodeFailedPrecondition,
	failure.TooLarge:           connect.CodeResourceExhausted, // as Connect and grpc-go say it of a message
	failure.Unprocessable:      connect.CodeFailedPrecondition,
	failure.Busy:               connect.CodeResourceExhausted,
	failure.Timeout:            connect.CodeDeadlineExceeded,

	// Not UNAVAILABLE, which client libraries repeat unasked: a purchase without a key
	// that may have been made would be made twice.
	failure.Upstream: connect.CodeUnknown,
}

// mapErrors is the interceptor that turns the service's errors into the protocol's, and
// logs those that are not the caller's fault, once.
func mapErrors(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
		answer, err := next(ctx, request)
		if err == nil {
			return answer, nil
		}
		if already := new(connect.Error); errors.As(err, &already) { // a panic, which is logged
			return nil, err
		}
		return nil, failed(ctx, request.Spec().Procedure, err)
	}
}

func failed(ctx context.Context, procedure string, err error) *connect.Error {
	f := failure.Of(err)
	if errors.Is(ctx.Err(), context.Canceled) { // the caller hung up; nobody reads the answer
		slog.DebugContext(ctx, "given up", "procedure", procedure, "error", err.Error())
		return connect.NewError(connect.CodeCanceled, errors.New("canceled"))
	}
	if f.Code == failure.Internal && ctx.Err() != nil {
		f = &failure.Error{Code: failure.Timeout, Message: "the time for this call is over", Err: err}
	}
	switch {
	case f.Code == failure.Busy:
		slog.WarnContext(ctx, "busy", "procedure", procedure, "error", err.Error())
	case f.Code.HTTPStatus() >= 500:
		slog.ErrorContext(ctx, "failed", "procedure", procedure, "code", f.Code.String(), "error", err.Error())
	}
	return onWire(f)
}

// onWire is a failure as the protocol tells it: the message, the field that is wrong, and
// when to come back.
func onWire(f *failure.Error) *connect.Error {
	code, known := codes[f.Code]
	if !known {
		code = connect.CodeInternal
	}
	e := connect.NewError(code, errors.New(f.Message))
	if f.Field != "" {
		detail(e, &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: f.Field, Description: f.Message},
		}})
	}
	if f.RetryAfter > 0 {
		detail(e, &errdetails.RetryInfo{RetryDelay: durationpb.New(f.RetryAfter)})
	}
	return e
}

func detail(e *connect.Error, message proto.Message) {
	d, err := connect.NewErrorDetail(message)
	if err != nil { // a message that quotes bytes that are not UTF-8: the error does without
		return
	}
	e.AddDetail(d)
}

// tooMany is what a call above the limit is told.
func tooMany() *connect.Error {
	return onWire(&failure.Error{Code: failure.Busy, Message: "too many calls at once", RetryAfter: time.Second})
}

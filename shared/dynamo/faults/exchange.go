package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"
	"testing/iotest"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// exchange is the attempt that a fault happens to, as the SDK hands it to the transport.
type exchange struct {
	attempt  Attempt
	request  *smithyhttp.Request
	next     middleware.DeserializeHandler
	protocol smithyhttp.ClientProtocol
	metadata middleware.Metadata // of the answer, if there was one
}

// send sends the request and returns what really came of it.
func (x *exchange) send(ctx context.Context) (out middleware.DeserializeOutput, err error) {
	out, x.metadata, err = x.next.HandleDeserialize(ctx, middleware.DeserializeInput{Request: x.request})
	return out, err
}

// body sends the request and returns the answer with its body, read to its end.
func (x *exchange) body(ctx context.Context) (out middleware.DeserializeOutput, response *smithyhttp.Response, body []byte, err error) {
	if out, err = x.send(ctx); err != nil {
		return out, nil, nil, err
	}
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if !ok {
		return out, nil, nil, fmt.Errorf("faults: a response of type %T", out.RawResponse)
	}
	defer func() { _ = response.Body.Close() }()
	body, err = io.ReadAll(response.Body)
	return out, response, body, err
}

// lose sends the request and loses the answer.
func (x *exchange) lose(ctx context.Context) (middleware.DeserializeOutput, error) {
	if out, _, _, err := x.body(ctx); err != nil {
		return out, err
	}
	return x.disconnected(ctx, reset)
}

// breakOff sends the request and hands back the first half of the answer.
func (x *exchange) breakOff(ctx context.Context) (middleware.DeserializeOutput, error) {
	out, response, body, err := x.body(ctx)
	if err != nil {
		return out, err
	}
	half := bytes.NewReader(body[:len(body)/2])
	response.Body = io.NopCloser(io.MultiReader(half, iotest.ErrReader(io.ErrUnexpectedEOF)))
	return out, nil
}

// The ways in which a connection fails, as package net tells them.
var (
	refused = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	reset   = &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
)

// disconnected is what the SDK's transport makes of a failed connection: ClientHandler
// of smithy-go, transport/http/client.go, around an http.Client.
func (x *exchange) disconnected(ctx context.Context, why *net.OpError) (middleware.DeserializeOutput, error) {
	out := middleware.DeserializeOutput{RawResponse: &smithyhttp.Response{Response: &http.Response{Header: http.Header{}, Body: http.NoBody}}}
	if ctx.Err() != nil {
		return out, &smithy.CanceledError{Err: ctx.Err()}
	}
	return out, &smithyhttp.RequestSendError{Err: &url.Error{Op: "Post", URL: x.request.URL.String(), Err: why}}
}

// answer is an answer of DynamoDB with the error, for the SDK to read. The id of the
// request, which the SDK puts into the error's text, tells that it is an injected one.
func (x *exchange) answer(status int, code string, content map[string]any) (middleware.DeserializeOutput, error) {
	content["__type"] = "com.amazonaws.dynamodb.v20120810#" + code
	body, err := json.Marshal(content)
	if err != nil {
		return middleware.DeserializeOutput{}, err
	}
	header := http.Header{}
	header.Set("Content-Type", "application/x-amz-json-1.0")
	header.Set("X-Amzn-RequestId", fmt.Sprintf("INJECTED-%s-%d", x.attempt.Call, x.attempt.N))
	return middleware.DeserializeOutput{RawResponse: &smithyhttp.Response{Response: &http.Response{
		Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)),
	}}}, nil
}

func (x *exchange) throttled() (middleware.DeserializeOutput, error) {
	return x.answer(http.StatusBadRequest, "ProvisionedThroughputExceededException",
		map[string]any{"message": "The level of configured provisioned throughput for the table was exceeded"})
}

func (x *exchange) serverError() (middleware.DeserializeOutput, error) {
	return x.answer(http.StatusInternalServerError, "InternalServerError", map[string]any{"message": "Internal server error"})
}

func (x *exchange) conflict() (middleware.DeserializeOutput, error) {
	if !conflicts(x.attempt.Call) {
		return middleware.DeserializeOutput{}, fmt.Errorf("faults: %s can't fail for a transaction that is under way", x.attempt.Call)
	}
	const ongoing = "Transaction is ongoing for the item"
	in, ok := x.attempt.Input.(*dynamodb.TransactWriteItemsInput)
	if !ok {
		return x.answer(http.StatusBadRequest, "TransactionConflictException", map[string]any{"message": ongoing})
	}
	reasons := make([]map[string]string, len(in.TransactItems)) // one for each item, in order
	for i := range reasons {
		reasons[i] = map[string]string{"Code": "None"}
		if i == 0 {
			reasons[i] = map[string]string{"Code": "TransactionConflict", "Message": ongoing}
		}
	}
	return x.answer(http.StatusBadRequest, "TransactionCanceledException", map[string]any{
		"Message":             "Transaction cancelled, please refer cancellation reasons for specific reasons",
		"CancellationReasons": reasons,
	})
}

// later returns what sends the same bytes at another time, even when the SDK has
// forgotten them or the caller's context has ended, and returns DynamoDB's error.
func (x *exchange) later(ctx context.Context) (send func() error, err error) {
	var body []byte
	if stream := x.request.GetStream(); stream != nil { // the SDK's next attempt rewinds it
		if body, err = io.ReadAll(stream); err != nil {
			return nil, err
		}
	}
	request, err := x.request.SetStream(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	again, ctx := &exchange{attempt: x.attempt, request: request, next: x.next}, context.WithoutCancel(ctx)
	return func() error {
		_, response, body, err := again.body(ctx)
		if err != nil {
			return err
		}
		response.Body = io.NopCloser(bytes.NewReader(body))
		return x.protocol.DeserializeResponse(ctx, &smithy.OperationSchema{}, dynamodb.TypeRegistry, response, nil) // no schema: just its errors
	}, nil
}

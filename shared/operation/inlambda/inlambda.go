// Package inlambda runs one operation in one Lambda function: behind a REST API, as
// a stream behind a Function URL, or as a task of AWS's own.
package inlambda

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"lockstep/shared/failure"
	"lockstep/shared/operation"
)

// Start runs the operation that the function's Handler property names (a custom
// runtime gets it as _HANDLER), and does not return. A name that the service does
// not have ends the process with the list of those that it has, before any event.
func Start(open func(context.Context) ([]operation.Operation, error)) {
	slog.SetDefault(lambdacontext.NewLogger()) // JSON with the request's id, by the function's LoggingConfig
	operations, err := open(context.Background())
	if err == nil {
		var o operation.Operation
		if o, err = choose(operations, os.Getenv("_HANDLER")); err == nil {
			lambda.StartWithOptions(For(o), lambda.WithEnableSIGTERM())
		}
	}
	slog.Error("can't start", "error", err)
	os.Exit(1)
}

func choose(operations []operation.Operation, name string) (operation.Operation, error) {
	var names []string
	for _, o := range operations {
		if o.Name == name {
			return o, nil
		}
		names = append(names, o.Name)
	}
	return operation.Operation{}, fmt.Errorf("no operation %q: the function's Handler must be one of %s", name, strings.Join(names, ", "))
}

// For returns what aws-lambda-go is to run for an operation, by its kind.
func For(o operation.Operation) any {
	switch o.Kind {
	case operation.Stream:
		return Stream(o)
	case operation.Task:
		return func(ctx context.Context, event json.RawMessage) (json.RawMessage, error) { return o.Run(ctx, event) }
	default:
		return Handler(o)
	}
}

// Handler is the operation as aws-lambda-go wants it, for REST API proxy events.
func Handler(o operation.Operation) func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	return func(ctx context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		request, err := requestOf(e)
		if err != nil {
			return responseOf(operation.Fail(failure.Of(err))), nil
		}
		return responseOf(o.Handle(ctx, request)), nil
	}
}

func requestOf(e events.APIGatewayProxyRequest) (operation.Request, error) {
	body := []byte(e.Body)
	if e.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
			return operation.Request{}, failure.InvalidField("body", "the body is not valid base64")
		}
	}
	r := operation.Request{
		Path:   make(map[string]string, len(e.PathParameters)),
		Query:  e.QueryStringParameters,
		Header: make(map[string]string, len(e.Headers)),
		Body:   body,
		Caller: e.RequestContext.Identity.SourceIP,
		Signer: e.RequestContext.Identity.UserArn,
	}
	for name, value := range e.PathParameters { // a REST API hands them over as they were in the URL
		if plain, err := url.PathUnescape(value); err == nil {
			value = plain
		}
		r.Path[name] = value
	}
	for name, value := range e.Headers {
		r.Header[strings.ToLower(name)] = value
	}
	return r, nil
}

// responseOf is the answer as a REST API takes it. The API answers preflights
// itself, but what a function answers must say by itself which pages may read it.
func responseOf(r operation.Response) events.APIGatewayProxyResponse {
	r.Header["Access-Control-Allow-Origin"] = cmp.Or(os.Getenv("CORS_ORIGIN"), "*")
	r.Header["Access-Control-Expose-Headers"] = "Link, Retry-After"
	answer := events.APIGatewayProxyResponse{StatusCode: r.Status, Headers: r.Header, Body: string(r.Body)}
	if !utf8.Valid(r.Body) { // JSON could not carry it
		answer.Body, answer.IsBase64Encoded = base64.StdEncoding.EncodeToString(r.Body), true
	}
	return answer
}

package inlambda_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/stretchr/testify/require"

	"lockstep/shared/operation"
	"lockstep/shared/operation/inlambda"
)

type seen struct {
	Name   string `json:"name" path:"name"`
	Client string `json:"client" header:"X-Client"`
}

type said struct {
	Body struct {
		Text string `json:"text"`
	} `json:"body" body:"json"`
}

// maxBody is the limit of say: the very length of `{"text":"four"}`.
const maxBody = 15

// look answers what reached it of the path and the headers, say what of the body.
var (
	look = operation.New("look", "GET /{name}", func(_ context.Context, in seen) (seen, error) { return in, nil })
	say  = operation.New("say", "POST /say", func(_ context.Context, in said) (said, error) { return in, nil }, operation.MaxBody(maxBody))
)

// The events are JSON, and go the way that they go in Lambda: a null there is not
// always what an empty map is here.
func TestHandler(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		operation operation.Operation
		event     string
		status    int
		body      string
	}{
		"plain body":               {say, `{"body": "{\"text\":\"hi\"}"}`, 200, `{"body":{"text":"hi"}}`},
		"base64 body":              {say, `{"body": "eyJ0ZXh0IjoiaGkifQ==", "isBase64Encoded": true}`, 200, `{"body":{"text":"hi"}}`},
		"base64 not asked for":     {say, `{"body": "eyJ0ZXh0"}`, 400, `{"error":"body is not valid JSON (at byte 0)","field":"body"}`},
		"bad base64":               {say, `{"body": "no base64!", "isBase64Encoded": true}`, 400, `{"error":"the body is not valid base64","field":"body"}`},
		"as large as may be":       {say, `{"body": "{\"text\":\"four\"}"}`, 200, `{"body":{"text":"four"}}`},
		"as large once decoded":    {say, `{"body": "eyJ0ZXh0IjoiZm91ciJ9", "isBase64Encoded": true}`, 200, `{"body":{"text":"four"}}`},
		"too large":                {say, `{"body": "{\"text\":\"fiver\"}"}`, 413, `{"error":"the body is larger than 15 bytes"}`},
		"too large once decoded":   {say, `{"body": "eyJ0ZXh0IjoiZml2ZXIifQ==", "isBase64Encoded": true}`, 413, `{"error":"the body is larger than 15 bytes"}`},
		"header in lower case":     {look, `{"headers": {"x-client": "me"}}`, 200, `{"name":"","client":"me"}`},
		"header in upper case":     {look, `{"headers": {"X-CLIENT": "me"}}`, 200, `{"name":"","client":"me"}`},
		"escaped parameter":        {look, `{"pathParameters": {"name": "wild%20duck"}}`, 200, `{"name":"wild duck","client":""}`},
		"escaped slash":            {look, `{"pathParameters": {"name": "a%2Fb"}}`, 200, `{"name":"a/b","client":""}`},
		"escaped once, not twice":  {look, `{"pathParameters": {"name": "a%252Fb"}}`, 200, `{"name":"a%2Fb","client":""}`},
		"plus is no space":         {look, `{"pathParameters": {"name": "a+b"}}`, 200, `{"name":"a+b","client":""}`},
		"no escape, left as it is": {look, `{"pathParameters": {"name": "100%"}}`, 200, `{"name":"100%","client":""}`},
		"null everywhere": {look, `{"headers": null, "multiValueHeaders": null, "queryStringParameters": null, "multiValueQueryStringParameters": null,
			"pathParameters": null, "stageVariables": null, "body": null}`, 200, `{"name":"","client":""}`},
		"null for a body": {say, `{"body": null}`, 400, `{"error":"body is empty; it must be JSON","field":"body"}`},
		"empty event":     {look, `{}`, 200, `{"name":"","client":""}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := lambda.NewHandler(inlambda.Handler(c.operation)).Invoke(t.Context(), []byte(c.event))
			require.NoError(t, err)
			var answer events.APIGatewayProxyResponse
			require.NoError(t, json.Unmarshal(out, &answer))
			require.Equal(t, c.status, answer.StatusCode)
			require.Equal(t, c.body, answer.Body)
			require.Equal(t, map[string]string{"Content-Type": "application/json", "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Link, Retry-After"}, answer.Headers)
		})
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	operations := []operation.Operation{look, say}
	for _, o := range operations {
		t.Run(o.Name, func(t *testing.T) {
			t.Parallel()
			chosen, err := inlambda.Choose(operations, o.Name)
			require.NoError(t, err)
			require.Equal(t, o.Path, chosen.Path)
		})
	}
	for name, handler := range map[string]string{"unknown": "shout", "in another case": "Look", "none": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := inlambda.Choose(operations, handler)
			require.EqualError(t, err, `no operation "`+handler+`": the function's Handler must be one of look, say`)
		})
	}
}

// raw answers with bytes that JSON can't carry as they are.
var raw = operation.NewRaw("raw", "POST /raw", func(_ context.Context, r operation.Request) (operation.Response, error) {
	return operation.Response{Status: 200, Header: map[string]string{"Content-Type": "application/proto"}, Body: append([]byte{0xff}, r.Body...)}, nil
})

func TestHandlerOfBytes(t *testing.T) {
	t.Parallel()
	out, err := lambda.NewHandler(inlambda.Handler(raw)).Invoke(t.Context(), []byte(`{"body": "/wE=", "isBase64Encoded": true}`))
	require.NoError(t, err)
	var answer events.APIGatewayProxyResponse
	require.NoError(t, json.Unmarshal(out, &answer))
	require.True(t, answer.IsBase64Encoded)
	require.Equal(t, "//8B", answer.Body)
	require.Equal(t, "application/proto", answer.Headers["Content-Type"])
}

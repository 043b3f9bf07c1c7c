package sam_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/functions/locks/dynamo"
	"lockstep/shared/operation"
	"lockstep/shared/operation/inlambda"
)

// operations is the locks service as it is deployed.
func operations(s *dynamo.Store) []operation.Operation { return dynamo.Operations(s, 0) }

// folder has an event and its golden answer for each operation of the locks service.
const folder = "../../testdata/events/locks"

func eventFile(name string) string  { return filepath.Join(folder, name+".json") }
func goldenFile(name string) string { return filepath.Join(folder, name+".golden.json") }

// registry is what every event meets: an endpoint that is free, and one that is not.
func registry() map[string]locks.Endpoint {
	return map[string]locks.Endpoint{
		"avocet": {Resources: []int64{24, 32}},
		"crane":  {Resources: []int64{15, 28}, Locked: true},
	}
}

// effects is what the events do to the registry; those of other operations leave it
// as it is. Half of the answers are {}, which alone would prove little.
var effects = map[string]func(map[string]locks.Endpoint){
	"lock": func(r map[string]locks.Endpoint) {
		r["avocet"] = locks.Endpoint{Resources: []int64{24, 32}, Locked: true}
	},
	"unlock":          func(r map[string]locks.Endpoint) { r["crane"] = locks.Endpoint{Resources: []int64{15, 28}} },
	"put-endpoint":    func(r map[string]locks.Endpoint) { r["heron"] = locks.Endpoint{Resources: []int64{3, 28}} },
	"delete-endpoint": func(r map[string]locks.Endpoint) { delete(r, "avocet") },
}

// An event is what the operation's route sends, not another's.
func TestRoutes(t *testing.T) {
	t.Parallel()
	for _, o := range operations(&dynamo.Store{}) {
		t.Run(o.Name, func(t *testing.T) {
			t.Parallel()
			switch o.Kind {
			case operation.Task:
				var e events.DynamoDBEvent
				require.NoError(t, json.Unmarshal(mustRead(t, eventFile(o.Name)), &e))
				require.NotEmpty(t, e.Records)
				return
			case operation.Stream:
				var e events.LambdaFunctionURLRequest
				require.NoError(t, json.Unmarshal(mustRead(t, eventFile(o.Name)), &e))
				require.Equal(t, o.Method+" "+o.Path, e.RequestContext.HTTP.Method+" "+e.RawPath)
				return
			}
			var e events.APIGatewayProxyRequest
			require.NoError(t, json.Unmarshal(mustRead(t, eventFile(o.Name)), &e))
			require.Equal(t, o.Method+" "+o.Path, e.HTTPMethod+" "+e.Resource)
			require.Equal(t, o.Method+" "+o.Path, e.RequestContext.HTTPMethod+" "+e.RequestContext.ResourcePath)
			path := e.Resource
			for name, value := range e.PathParameters {
				path = strings.ReplaceAll(path, "{"+name+"}", value)
			}
			require.Equal(t, path, e.Path)
			require.Equal(t, "/v1"+e.Path, e.RequestContext.Path)
		})
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	store := locks.NewMemory()
	for _, o := range (&locks.Service{Store: store}).Operations() {
		t.Run(o.Name, func(t *testing.T) {
			hold(t, store, o, func() []byte {
				answer, err := lambda.NewHandler(inlambda.For(o)).Invoke(t.Context(), mustRead(t, eventFile(o.Name)))
				require.NoError(t, err)
				return answer
			})
		})
	}
}

// hold sets the state up, runs the operation's event, and holds its answer and its
// effect against what is promised. Whatever was in the store before is gone.
func hold(t *testing.T, store locks.Store, o operation.Operation, run func() []byte) {
	t.Helper()
	reset(t, store)
	have, want := mustAnswer(t, run()), mustAnswer(t, mustRead(t, goldenFile(o.Name)))
	switch o.Name { // what no file can know
	case "health":
		have.Body = anyValue(t, have.Body, "version", "VERSION")
	case "watch":
		have.Body = anyValue(t, have.Body, "at", "NOW") + "\n"
	}
	require.Equal(t, want, have)

	after := registry()
	if change := effects[o.Name]; change != nil {
		change(after)
	}
	there, err := store.Registry(t.Context())
	require.NoError(t, err)
	require.Equal(t, after, there)
}

// reset empties the store and fills it with registry, whatever an earlier run left.
func reset(t *testing.T, store locks.Store) {
	t.Helper()
	ctx := t.Context()
	there, err := store.Registry(ctx)
	require.NoError(t, err)
	for name, e := range there {
		if e.Locked {
			require.NoError(t, store.Unlock(ctx, name))
		}
		require.NoError(t, store.DeleteEndpoint(ctx, name))
	}
	for name, e := range registry() {
		require.NoError(t, store.PutEndpoint(ctx, name, e.Resources))
		if e.Locked {
			require.NoError(t, store.Lock(ctx, name))
		}
	}
}

// anyValue puts a golden file's word where the answer, one JSON object, has a value
// that differs from run to run: that there is one is promised.
func anyValue(t *testing.T, body, name, word string) string {
	t.Helper()
	var object map[string]any
	require.NoError(t, json.Unmarshal([]byte(body), &object))
	require.NotEmpty(t, object[name])
	object[name] = word
	out, err := json.Marshal(object, json.Deterministic(true))
	require.NoError(t, err)
	return string(out)
}

// mustAnswer reads an answer. A name that answers do not have fails, so that neither
// a slip in a golden file nor the error of a function passes for an empty answer. A
// stream's answer is its head, eight NUL bytes and its body; a task's is all body.
func mustAnswer(t *testing.T, text []byte) (answer events.APIGatewayProxyResponse) {
	t.Helper()
	head, body, streamed := bytes.Cut(text, make([]byte, 8))
	if bytes.Contains(text, []byte(`"batchItemFailures"`)) {
		value := jsontext.Value(text)
		require.NoError(t, value.Compact()) // the SAM CLI writes it anew, in its own way
		return events.APIGatewayProxyResponse{Body: string(value)}
	}
	require.NoError(t, json.Unmarshal(head, &answer, json.RejectUnknownMembers(true)), "in %s", text)
	if streamed {
		answer.Body = string(body)
	}
	return answer
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return text
}

package sam_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"lockstep/shared/operation"
	"lockstep/shared/operation/inlambda"
)

// ground is a service on an empty store: where its events are run.
type ground struct {
	operations []operation.Operation // as they are deployed
	fill       func(*testing.T)      // makes the store one that every event can meet
	look       func(*testing.T) any  // returns what is in the store
	before     func() any            // is what look returns then
	after      func(name string) any // is what it returns after the operation's event

	// words stand in events for what is only known once the store is filled.
	words func() map[string]string
}

// event is an operation's event, with what the ground has for its words.
func (g ground) event(t *testing.T, service, name string) []byte {
	t.Helper()
	text := string(mustRead(t, eventFile(service, name)))
	if g.words != nil {
		for word, value := range g.words() {
			text = strings.ReplaceAll(text, word, value)
		}
	}
	return []byte(text)
}

// services are those of the bundle, on a store in memory and on DynamoDB.
var services = map[string]struct {
	inMemory   func() ground
	onDynamoDB func(*dynamodb.Client) ground
}{
	"locks":    {locksInMemory, locksOnDynamoDB},
	"toystore": {toystoreInMemory, toystoreOnDynamoDB},
	"compute":  {computeInMemory, computeOnDynamoDB},
	"shop":     {shopInMemory, shopOnDynamoDB},
}

// folder has an event and its golden answer for each operation of a service.
const folder = "../../testdata/events"

func eventFile(service, name string) string { return filepath.Join(folder, service, name+".json") }
func goldenFile(service, name string) string {
	return filepath.Join(folder, service, name+".golden.json")
}

// An event is what the operation's route sends, not another's.
func TestRoutes(t *testing.T) {
	t.Parallel()
	for service, s := range services {
		for _, o := range s.onDynamoDB(nil).operations {
			t.Run(service+"/"+o.Name, func(t *testing.T) {
				t.Parallel()
				requireRoute(t, o, mustRead(t, eventFile(service, o.Name)))
			})
		}
	}
}

func requireRoute(t *testing.T, o operation.Operation, event []byte) {
	t.Helper()
	switch o.Kind {
	case operation.Task:
		require.True(t, jsontext.Value(event).IsValid())
	case operation.Stream:
		var e events.LambdaFunctionURLRequest
		require.NoError(t, json.Unmarshal(event, &e))
		path := strings.ReplaceAll(o.Path, "{id}", halfRun)
		require.Equal(t, o.Method+" "+path, e.RequestContext.HTTP.Method+" "+e.RawPath)
	case operation.Answer:
		var e events.APIGatewayProxyRequest
		require.NoError(t, json.Unmarshal(event, &e))
		require.Equal(t, o.Method+" "+o.Path, e.HTTPMethod+" "+e.Resource)
		require.Equal(t, o.Method+" "+o.Path, e.RequestContext.HTTPMethod+" "+e.RequestContext.ResourcePath)
		path := e.Resource
		for name, value := range e.PathParameters {
			path = strings.ReplaceAll(path, "{"+name+"}", value)
		}
		require.Equal(t, path, e.Path)
		require.Equal(t, "/v1"+e.Path, e.RequestContext.Path)
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	for service, s := range services {
		for i, o := range s.inMemory().operations {
			t.Run(service+"/"+o.Name, func(t *testing.T) {
				t.Parallel()
				g := s.inMemory()
				hold(t, g, service, o.Name, func() []byte {
					answer, err := lambda.NewHandler(inlambda.For(g.operations[i])).Invoke(t.Context(), g.event(t, service, o.Name))
					require.NoError(t, err)
					return answer
				})
			})
		}
	}
}

// hold fills an empty store, runs the operation's event, and holds its answer and
// its effect against what is promised.
func hold(t *testing.T, g ground, service, name string, run func() []byte) {
	t.Helper()
	g.fill(t)
	require.Equal(t, g.before(), g.look(t))
	task := kindOf(t, g, name) == operation.Task
	have, want := mustAnswer(t, task, run()), mustAnswer(t, task, mustRead(t, goldenFile(service, name)))
	if strings.HasPrefix(have.Body, "openapi:") { // the shop's description: YAML, and long
		have.Body = `"OPENAPI"`
	}
	have.Body, want.Body = inWords(t, have.Body), withoutOrder(t, want.Body)
	require.Equal(t, want, have)
	require.Equal(t, g.after(name), g.look(t))
}

func kindOf(t *testing.T, g ground, name string) operation.Kind {
	t.Helper()
	i := slices.IndexFunc(g.operations, func(o operation.Operation) bool { return o.Name == name })
	require.GreaterOrEqual(t, i, 0, "no operation %s", name)
	return g.operations[i].Kind
}

// varying is what differs from run to run, by name: what it looks like in JSON, and
// the word that golden files have in its place.
var varying = map[string]struct {
	form *regexp.Regexp
	word string
}{
	"version":    {regexp.MustCompile(`^".+"$`), "VERSION"},
	"age_ms":     {regexp.MustCompile(`^[0-9]+$`), "AGE"},
	"at":         {moment, "TIME"},
	"expires_at": {moment, "TIME"},
	"read_at":    {moment, "TIME"},
	"time":       {regexp.MustCompile(`^[0-9.e-]+$`), "TIME"},
}

var moment = regexp.MustCompile(`^"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"$`)

// newID is what an id looks like that an operation draws.
var newID = regexp.MustCompile(`^[A-Z2-7]{26}$`)

// inWords puts the words of golden files into an answer's body.
func inWords(t *testing.T, body string) string {
	t.Helper()
	return eachMember(t, body, func(name string, value any) any {
		if id, is := value.(float64); name == "id" && is && id > 1<<40 { // an order's
			return "ID"
		}
		if id, is := value.(string); name == "id" && is && newID.MatchString(id) && !strings.Contains(id, "RUNOFTHECLUSTER") {
			return "ID"
		}
		v, varies := varying[name]
		if !varies {
			return value
		}
		require.Regexp(t, v.form, mustJSON(t, value), name)
		return v.word
	})
}

// withoutOrder gives a golden file's body the order of names that inWords leaves.
func withoutOrder(t *testing.T, body string) string {
	t.Helper()
	return eachMember(t, body, func(_ string, value any) any { return value })
}

// eachMember replaces the values of all objects in the body, one JSON value or none.
func eachMember(t *testing.T, body string, replace func(name string, value any) any) string {
	t.Helper()
	if body == "" {
		return ""
	}
	var walk func(any) any
	walk = func(value any) any {
		switch v := value.(type) {
		case map[string]any:
			for name := range v {
				v[name] = walk(replace(name, v[name]))
			}
		case []any:
			for i := range v {
				v[i] = walk(v[i])
			}
		}
		return value
	}
	var value any
	require.NoError(t, json.Unmarshal([]byte(body), &value))
	return mustJSON(t, walk(value))
}

func mustJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value, json.Deterministic(true))
	require.NoError(t, err)
	return string(text)
}

// mustAnswer reads an answer. A name that answers do not have fails, so that neither
// a slip in a golden file nor the error of a function passes for an empty answer. A
// stream's answer is its head, eight NUL bytes and its body; a task's is all body.
func mustAnswer(t *testing.T, task bool, text []byte) (answer events.APIGatewayProxyResponse) {
	t.Helper()
	head, body, streamed := bytes.Cut(text, make([]byte, 8))
	if task {
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

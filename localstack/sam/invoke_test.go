//go:build sam

package sam_test

import (
	"bytes"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"lockstep"
	computedynamo "lockstep/functions/compute/dynamo"
	"lockstep/functions/locks/dynamo"
	shopdynamo "lockstep/functions/shop/dynamo"
	toysdynamo "lockstep/functions/toystore/dynamo"
	"lockstep/localstack/sam"
	"lockstep/shared/need"
	"lockstep/shared/tables"
)

// build is where the template's CodeUri says that a service's functions are.
func build(service string) string { return "build/lambda/" + service }

// The functions serve what a deployed service does, so they go one after the other, and
// what is there on this DynamoDB is lost.
func TestInvoke(t *testing.T) {
	program := need.Sam(t)
	client := need.DynamoDB(t)
	endpoint := os.Getenv("AWS_ENDPOINT_URL_DYNAMODB")
	for _, service := range slices.Sorted(maps.Keys(services)) {
		base := stage(t, service, mustLoopback(t, endpoint))
		g := services[service].onDynamoDB(client)
		for _, o := range g.operations {
			t.Run(service+"/"+o.Name, func(t *testing.T) {
				id := logicalID(t, service, o.Name)
				empty(t, client)
				hold(t, g, service, o.Name, func() []byte {
					event := filepath.Join(t.TempDir(), "event.json")
					require.NoError(t, os.WriteFile(event, g.event(t, service, o.Name), 0o600))
					return invoke(t, program, base, endpoint, id, event)
				})
			})
		}
	}
}

// mustLoopback returns the endpoint's host and port. Nothing but this machine's own
// may be emptied, and nothing else does the tunnel reach.
func mustLoopback(t *testing.T, endpoint string) string {
	t.Helper()
	u, err := url.Parse(endpoint)
	require.NoError(t, err)
	require.True(t, net.ParseIP(u.Hostname()).IsLoopback(), "AWS_ENDPOINT_URL_DYNAMODB is %s; this test empties the registry there, and wants one on 127.0.0.1", endpoint)
	return u.Host
}

// deployed are the partitions of deployed services, and of the runs that events meet.
var deployed = []string{dynamo.DefaultNamespace, toysdynamo.DefaultCatalogue, computedynamo.DefaultGroup, shopdynamo.DefaultShop, doneRun, halfRun, fullRun}

// empty deletes what the deployed services have in every table, and leaves
// others' alone.
func empty(t *testing.T, client *dynamodb.Client) {
	t.Helper()
	all, err := tables.Parse(lockstep.Template)
	require.NoError(t, err)
	for name, d := range all {
		pages := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{TableName: &name})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			require.NoError(t, err)
			for _, item := range page.Items {
				key := map[string]types.AttributeValue{}
				for _, k := range d.Keys {
					key[k.Name] = item[k.Name]
				}
				of, _, _ := strings.Cut(key[d.Keys[0].Name].(*types.AttributeValueMemberS).Value, "/")
				if !slices.Contains(deployed, of) {
					continue
				}
				_, err := client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &name, Key: key})
				require.NoError(t, err)
			}
		}
	}
}

// stage lays out what the function's folder holds, the tunnel included, and returns
// what takes the template's place as the folder that CodeUri starts from.
func stage(t *testing.T, service, dynamoDB string) (base string) {
	t.Helper()
	base = t.TempDir()
	function := filepath.Join(base, build(service))
	require.NoError(t, os.MkdirAll(function, 0o755))
	for name, from := range map[string]string{"bootstrap": "../../build/sam-tunnel", sam.Function: filepath.Join("../..", build(service), "bootstrap")} {
		program := mustRead(t, need.File(t, "sam", from, "`make test-sam` builds it"))
		require.NoError(t, os.WriteFile(filepath.Join(function, name), program, 0o755))
	}
	dispatch(t, filepath.Join(function, sam.Socket), dynamoDB)
	return base
}

// dispatch answers at the socket as AWS does: DynamoDB as it is, Step Functions as one
// that starts everything, EventBridge as one that takes everything.
func dispatch(t *testing.T, socket, dynamoDB string) {
	t.Helper()
	l, err := net.Listen("unix", socket)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: dynamoDB})
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Amz-Target") == "AWSStepFunctions.StartExecution" {
			w.Header().Set("Content-Type", "application/x-amz-json-1.0")
			_, _ = io.WriteString(w, `{"executionArn":"arn:aws:states:us-east-1:123456789012:execution:cluster:x","startDate":1795176000}`)
			return
		}
		if r.Header.Get("X-Amz-Target") == "AWSEvents.PutEvents" {
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			_, _ = io.WriteString(w, `{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}`)
			return
		}
		proxy.ServeHTTP(w, r)
	})}
	t.Cleanup(func() { _ = s.Close() })
	go func() { _ = s.Serve(l) }()
}

// logicalID finds the operation's function in the template.
func logicalID(t *testing.T, service, operation string) string {
	t.Helper()
	var template struct {
		Resources map[string]struct {
			Type       string `yaml:"Type"`
			Properties struct {
				CodeURI string `yaml:"CodeUri"`
				Handler string `yaml:"Handler"`
			} `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	require.NoError(t, yaml.Unmarshal(lockstep.Template, &template))
	var ids []string
	for id, r := range template.Resources {
		if r.Type == "AWS::Serverless::Function" && r.Properties.CodeURI == build(service) && r.Properties.Handler == operation {
			ids = append(ids, id)
		}
	}
	require.Len(t, ids, 1, "functions of the template for %s", operation)
	return ids[0]
}

// invoke returns what the function answers to the event. What the SAM CLI has to
// say goes to stderr, and is shown when it fails.
func invoke(t *testing.T, program, base, endpoint, id, event string) []byte {
	t.Helper()
	var out, noise bytes.Buffer
	c := exec.CommandContext(t.Context(), program, "local", "invoke", id, "-e", event,
		"--skip-pull-image", "--docker-network", "host", "--region", "us-east-1",
		"-t", "../../template.yaml", "--docker-volume-basedir", base,
		"--parameter-overrides", "DynamoDBEndpoint="+endpoint, "StatesEndpoint="+endpoint, "EventsEndpoint="+endpoint)
	c.Env, c.Stdout, c.Stderr = environment(), &out, &noise
	require.NoError(t, c.Run(), "%s", &noise)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("sam local invoke %s:\n%s", id, &noise)
		}
	})
	return out.Bytes()
}

// environment is ours without what concerns AWS: with credentials, whosever they
// are, the SAM CLI asks AWS for their account before each call, and where there is
// no internet it does so for ten seconds. It gives the function dummies instead.
func environment() []string {
	ours := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "AWS_") })
	return append(ours, "AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_EC2_METADATA_DISABLED=true", "SAM_CLI_TELEMETRY=0")
}

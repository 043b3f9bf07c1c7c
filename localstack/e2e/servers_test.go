package e2e_test

import (
	"context"
	"flag"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"lockstep"
	computedynamo "lockstep/functions/compute/dynamo"
	locksdynamo "lockstep/functions/locks/dynamo"
	shopdynamo "lockstep/functions/shop/dynamo"
	toysdynamo "lockstep/functions/toystore/dynamo"
	"lockstep/localstack/bundle"
	"lockstep/shared/dynamo"
	"lockstep/shared/need"
	"lockstep/shared/sigv4"
	"lockstep/shared/syncquery"
	"lockstep/wasmclient/oldserver"
)

// The set of base URLs, and what depends on the service behind them.
var (
	locksURL = flag.String("url", "", "run against the locks service here instead of starting some")
	watchURL = flag.String("watch-url", "", "where that service streams GET /watch (default: at -url)")
	toysURL  = flag.String("toystore-url", "", "where the toy store answers (with -url)")
	workURL  = flag.String("compute-url", "", "where the compute service answers (with -url)")
	runsURL  = flag.String("progress-url", "", "where it streams how far a run is (default: at -compute-url)")
	shopURL  = flag.String("shop-url", "", "where the shop answers (with -url)")
	allURL   = flag.String("export-url", "", "where it streams all orders (default: at -shop-url)")
	queueURL = flag.String("queue-url", "", "the queue that its events reach")
	shardAt  = flag.String("lambda-url", "", "where AWS's Lambda API answers: a shard is then run twice")
	sign     = flag.Bool("sign", false, "sign requests with the AWS credentials of the environment")
	queries  = flag.Int("queries", 1000, "how many `queries` a simulation runs against a server of ours")
	workers  = flag.Int("workers", 100, "how many it asks at a time")
)

// server is one to test, by its base URLs.
type server struct {
	locks string
	watch string // empty: it has no GET /watch
}

// built is a file that `make build` makes.
func built(t testing.TB, name, path string) string {
	t.Helper()
	return need.File(t, name, filepath.Join("..", "..", "build", path), "`make build` makes it")
}

// startBundle starts our own services on free ports.
func startBundle(t testing.TB, store string) *bundle.Bundle {
	t.Helper()
	notWithURL(t)
	if store == "dynamodb" {
		need.DynamoDB(t)
	}
	return startWith(t, bundle.Config{Store: store, Options: declaredOnly(t)})
}

// startWith starts them as the configuration says, but for where.
func startWith(t testing.TB, c bundle.Config) *bundle.Bundle {
	t.Helper()
	c.Host, c.ReadTime, c.Web = "127.0.0.1", 100*time.Millisecond, filepath.Join("..", "..", "build", "web")
	c.TCPWorkers, c.RPCWorkers = 5, 1000
	if c.ServerLog == "" {
		c.ServerLog, c.LoginStat = filepath.Join(t.TempDir(), "serverinfo.log"), filepath.Join(t.TempDir(), "login_stat.json")
	}
	b, err := bundle.Start(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Stop()) })
	return b
}

// declaredOnly holds what operations call against what they declare, and so against
// what their functions' policies allow.
func declaredOnly(t testing.TB) func(service string) []func(*dynamodb.Options) {
	declared := map[string]map[string][]dynamo.Call{"locks": locksdynamo.Calls(), "toystore": toysdynamo.Calls(), "compute": computedynamo.Calls(), "shop": shopdynamo.Calls()}
	return func(service string) []func(*dynamodb.Options) {
		return []func(*dynamodb.Options){dynamo.Recording(func(operation string, c dynamo.Call) {
			if operation != "" && !slices.Contains(declared[service][operation], c) { // "": the set-up of `make run`, or no operation's door
				t.Errorf("operation %s of %s calls %s on %s, which it does not declare", operation, service, c.Action, c.Table)
			}
		})}
	}
}

// startOld starts an old server with the flaws.
func startOld(t testing.TB, options oldserver.Options) *httptest.Server {
	t.Helper()
	notWithURL(t)
	registry, err := syncquery.ParseRegistry(lockstep.Registry)
	require.NoError(t, err)
	s := httptest.NewServer(oldserver.New(registry, options))
	t.Cleanup(s.Close)
	return s
}

func notWithURL(t testing.TB) {
	t.Helper()
	if *locksURL != "" {
		t.Skip("SKIPPED with -url: it needs a server that it starts itself")
	}
}

// everyServer runs the test against the server at -url, or against each that we have.
func everyServer(t *testing.T, test func(t *testing.T, s server)) {
	t.Helper()
	ourServers(t, test)
	if *locksURL == "" {
		t.Run("oldserver", func(t *testing.T) { test(t, server{locks: startOld(t, oldserver.Options{}).URL}) })
	}
}

// ourServers runs the test against the server at -url, or against our own on both stores.
func ourServers(t *testing.T, test func(t *testing.T, s server)) {
	t.Helper()
	if *locksURL != "" {
		watch := *watchURL
		if watch == "" {
			watch = *locksURL
		}
		test(t, server{locks: strings.TrimRight(*locksURL, "/"), watch: strings.TrimRight(watch, "/")})
		return
	}
	for _, store := range []string{"memory", "dynamodb"} {
		t.Run(store, func(t *testing.T) {
			b := startBundle(t, store)
			test(t, server{locks: b.LocksURL, watch: b.LocksURL})
		})
	}
}

// toyStores runs the test against the toy store at -toystore-url, or against our own on
// both stores.
func toyStores(t *testing.T, test func(t *testing.T, base string)) {
	t.Helper()
	if *locksURL != "" {
		if *toysURL == "" {
			t.Skip("SKIPPED with -url: it needs -toystore-url")
		}
		test(t, strings.TrimRight(*toysURL, "/"))
		return
	}
	for _, store := range []string{"memory", "dynamodb"} {
		t.Run(store, func(t *testing.T) { test(t, startBundle(t, store).ToystoreURL) })
	}
}

// computers runs the test against the compute service at -compute-url, or against our
// own on both stores.
func computers(t *testing.T, test func(t *testing.T, base, progress string)) {
	t.Helper()
	if *locksURL != "" {
		if *workURL == "" {
			t.Skip("SKIPPED with -url: it needs -compute-url")
		}
		progress := *runsURL
		if progress == "" {
			progress = *workURL
		}
		test(t, strings.TrimRight(*workURL, "/"), strings.TrimRight(progress, "/"))
		return
	}
	for _, store := range []string{"memory", "dynamodb"} {
		t.Run(store, func(t *testing.T) {
			b := startBundle(t, store)
			test(t, b.ComputeURL, b.ComputeURL)
		})
	}
}

// shops runs the test against the shop at -shop-url, or against our own on both stores.
func shops(t *testing.T, test func(t *testing.T, base, export string)) {
	t.Helper()
	if *locksURL != "" {
		if *shopURL == "" {
			t.Skip("SKIPPED with -url: it needs -shop-url")
		}
		export := *allURL
		if export == "" {
			export = *shopURL
		}
		test(t, strings.TrimRight(*shopURL, "/"), strings.TrimRight(export, "/"))
		return
	}
	for _, store := range []string{"memory", "dynamodb"} {
		t.Run(store, func(t *testing.T) {
			b := startBundle(t, store)
			test(t, b.ShopURL, b.ShopURL)
		})
	}
}

// LocalStack's free edition differs from AWS here and there. Whoever leaves
// something out for that says so.
func notOnLocalStack(t *testing.T, s server, difference string) {
	t.Helper()
	if s.onLocalStack() {
		t.Skip("SKIPPED on LocalStack: " + difference)
	}
}

func (s server) onLocalStack() bool { return strings.Contains(s.locks, "/_aws/execute-api/") }

// behindAGateway says whether a REST API of AWS's answers what it has no route for.
func (s server) behindAGateway() bool {
	u, err := url.Parse(s.locks)
	return err == nil && strings.Contains(u.Hostname(), ".execute-api.")
}

// localNames ends the hosts of LocalStack's Function URLs. Any name server says
// 127.0.0.1 for them; none is needed.
const localNames = ".localhost.localstack.cloud"

// dial connects without a name server to what is on this machine.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	if host, port, err := net.SplitHostPort(address); err == nil && strings.HasSuffix(host, localNames) {
		address = net.JoinHostPort("127.0.0.1", port)
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// client returns what requests to a base URL are made with.
var client = sync.OnceValue(func() http.RoundTripper {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = dial
	if !*sign {
		return transport
	}
	return signing{transport}
})

// signing signs for what a host is.
type signing struct{ next http.RoundTripper }

func (s signing) RoundTrip(r *http.Request) (*http.Response, error) {
	service := sigv4.RESTAPI
	if strings.HasPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.") {
		service = "sqs"
	}
	if strings.Contains(r.URL.Hostname(), ".lambda-url.") || strings.HasPrefix(r.URL.Path, "/2015-03-31/") {
		service = sigv4.FunctionURL
	}
	signer, err := sigv4.Load(r.Context(), service)
	if err != nil {
		return nil, err
	}
	return signer.Wrap(s.next).RoundTrip(r)
}

package coldstart_test

import (
	"archive/zip"
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/need"
)

// operations has one of each service's operations.
var operations = map[string]string{"locks": "lock", "toystore": "rpc"}

// eachService runs the test for each service's binary.
func eachService(t *testing.T, test func(t *testing.T, service, program string)) {
	t.Helper()
	for service := range operations {
		t.Run(service, func(t *testing.T) { test(t, service, bootstrap(t, service)) })
	}
}

// bootstrap is the binary that Lambda runs.
func bootstrap(t testing.TB, service string) string {
	t.Helper()
	return need.File(t, "lambda", filepath.Join("..", "..", "build", "lambda", service, "bootstrap"), "`make lambda` builds it")
}

// runtime is a stub of Lambda's runtime API. It has no event, as in the time before
// the first. A function that wants SIGTERM registers as an extension before it asks
// for work.
func runtime(t testing.TB) (address string, asked <-chan time.Time) {
	t.Helper()
	first := make(chan time.Time, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/extension/register"):
			w.Header().Set("Lambda-Extension-Identifier", "1")
			return
		case strings.HasSuffix(r.URL.Path, "/runtime/invocation/next"):
			first <- time.Now()
		}
		<-r.Context().Done()
	}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String(), first
}

// coldStart starts the binary as Lambda does and returns how long it takes until it
// asks for work, with a table at the address.
func coldStart(t testing.TB, service, program, table string) time.Duration {
	t.Helper()
	address, asked := runtime(t)
	ctx, stop := context.WithCancel(t.Context())
	var output bytes.Buffer
	c := exec.CommandContext(ctx, program)
	c.Stdout, c.Stderr = &output, &output
	c.Env = []string{
		"AWS_LAMBDA_RUNTIME_API=" + address, "_HANDLER=" + operations[service], "AWS_LAMBDA_FUNCTION_NAME=" + operations[service], "AWS_REGION=us-east-1",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_ENDPOINT_URL_DYNAMODB=http://" + table,
		"NAMESPACES_TABLE=n", "ENDPOINTS_TABLE=e", "RESOURCES_TABLE=r", "LEASE_IDS_TABLE=l", "EVENTS_TABLE=v",
		"TOYS_TABLE=t", "PURCHASES_TABLE=p", "READ_TIME=0s", "LOCK_LIMIT=0s", "QUERY_CACHE=0s", "CORS_ORIGIN=*", "GODEBUG=" + os.Getenv("GODEBUG"),
	}
	begin := time.Now()
	require.NoError(t, c.Start())
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	defer func() {
		stop()
		<-ended
	}()
	select {
	case at := <-asked:
		return at.Sub(begin)
	case <-time.After(20 * time.Second):
		require.Failf(t, "it does not ask for work", "%s", &output)
		return 0
	case err := <-ended:
		ended <- err
		require.Failf(t, "it ended before it asked for work", "%v: %s", err, &output)
		return 0
	}
}

// table is a DynamoDB that counts who comes.
func table(t testing.TB) (address string, calls *atomic.Int64) {
	t.Helper()
	calls = new(atomic.Int64)
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			calls.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String(), calls
}

// The first event is what pays for a table call, not the start.
func TestNoTableIsCalledBeforeTheFirstEvent(t *testing.T) {
	eachService(t, func(t *testing.T, service, program string) {
		address, calls := table(t)
		coldStart(t, service, program, address)
		require.Zero(t, calls.Load())
	})
}

// maxZip is the largest that a function's zip may be, in bytes.
const maxZip = 8 << 20

func zipped(t testing.TB, path string) int {
	t.Helper()
	program, err := os.ReadFile(path)
	require.NoError(t, err)
	var file bytes.Buffer
	w := zip.NewWriter(&file)
	part, err := w.Create(filepath.Base(path))
	require.NoError(t, err)
	_, err = part.Write(program)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return file.Len()
}

func TestTheZipIsSmall(t *testing.T) {
	eachService(t, func(t *testing.T, _, program string) { require.LessOrEqual(t, zipped(t, program), maxZip) })
}

// The median of ten starts, and the size that has to be fetched for them.
func BenchmarkColdStart(b *testing.B) {
	for service := range operations {
		b.Run(service, func(b *testing.B) { benchmark(b, service) })
	}
}

func benchmark(b *testing.B, service string) {
	program := bootstrap(b, service)
	address, _ := table(b)
	for b.Loop() {
		var took []time.Duration
		for range 10 {
			took = append(took, coldStart(b, service, program, address))
		}
		slices.Sort(took)
		b.ReportMetric(float64((took[4]+took[5]).Microseconds())/2000, "median-ms")
		b.ReportMetric(float64(took[9].Microseconds())/1000, "max-ms")
	}
	b.ReportMetric(float64(zipped(b, program))/(1<<20), "zip-MB")
}

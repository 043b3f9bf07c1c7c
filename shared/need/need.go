// Package need is how a test says what it can't run without. Where that is
// missing the test is skipped with a line that says how to get it; with CI=true a
// skip is a failure, unless ALLOW_SKIP names it (comma-separated).
package need

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"lockstep"
	"lockstep/shared/dynamo"
	"lockstep/shared/tables"
)

// skip ends the test for want of what is called name. `go test` shows a skip only
// with -v, so it is also written to the file that SKIPPED names, for `make test` to show.
func skip(t testing.TB, name, how string) {
	t.Helper()
	if os.Getenv("CI") == "true" && !slices.Contains(strings.Split(os.Getenv("ALLOW_SKIP"), ","), name) {
		t.Fatalf("no %s, and CI=true: %s (or name it in ALLOW_SKIP)", name, how)
	}
	if f, err := os.OpenFile(os.Getenv("SKIPPED"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err == nil { //nolint:gosec // the file that the Makefile names
		_, _ = fmt.Fprintf(f, "skipped for want of %s: %s\n", name, how)
		_ = f.Close()
	}
	t.Skipf("SKIPPED for want of %s: %s", name, how)
}

var create = sync.OnceValues(func() (*dynamodb.Client, error) {
	client, err := dynamo.Open(context.Background())
	if err == nil {
		err = tables.Create(context.Background(), client, lockstep.Template)
	}
	return client, err
})

// DynamoDB returns a client of the DynamoDB at AWS_ENDPOINT_URL_DYNAMODB, with
// the template's tables created under their logical ids. Tests share the tables,
// so each works in a namespace of its own (rand.Text).
func DynamoDB(t testing.TB) *dynamodb.Client {
	t.Helper()
	if os.Getenv("AWS_ENDPOINT_URL_DYNAMODB") == "" {
		skip(t, "dynamodb", "`make test` starts DynamoDB Local, or set AWS_ENDPOINT_URL_DYNAMODB to one that runs")
	}
	for name, value := range map[string]string{"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"} {
		if os.Getenv(name) == "" {
			_ = os.Setenv(name, value) // can't fail for these names
		}
	}
	client, err := create()
	if err != nil {
		t.Fatalf("DynamoDB at %s: %v", os.Getenv("AWS_ENDPOINT_URL_DYNAMODB"), err)
	}
	return client
}

// Node returns the path of Node.js.
func Node(t testing.TB) string {
	t.Helper()
	return program(t, "node", "install Node.js 20 or later", "node")
}

// Chromium returns the path of Chromium or Chrome.
func Chromium(t testing.TB) string {
	t.Helper()
	return program(t, "chromium", "apt-get install chromium", "chromium", "chromium-browser", "google-chrome")
}

// Sam returns the path of the SAM CLI, which needs Docker.
func Sam(t testing.TB) string {
	t.Helper()
	path := os.Getenv("SAM")
	if path == "" {
		skip(t, "sam", "install the AWS SAM CLI and Docker, then `make test-sam`, which takes ../shared/tools/sam/up or the sam on the PATH")
	}
	return path
}

// File returns path if there is such a file; how says what makes it.
func File(t testing.TB, name, path, how string) string {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		skip(t, name, how)
	}
	return path
}

func program(t testing.TB, name, how string, candidates ...string) string {
	t.Helper()
	for _, c := range candidates {
		if path, err := exec.LookPath(c); err == nil {
			return path
		}
	}
	skip(t, name, how)
	return ""
}

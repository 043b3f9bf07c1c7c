package dynamo_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
	"lockstep/shared/lease/dynamo"
	"lockstep/shared/need"
)

// Real processes that really die. The bounds are given to Acquire as the time that it
// may wait: it is granted within them or fails.

func leaser(t *testing.T, namespace string) *lease.Leaser {
	t.Helper()
	return lease.New(&dynamo.Store{Client: need.DynamoDB(t), Table: "Namespaces", Namespace: namespace}, lease.Options{})
}

const childNamespace = "LEASE_TEST_NAMESPACE"

// TestChild is the other process: it acquires "key", says so, and holds it until
// SIGTERM. It is skipped unless it was started as that.
func TestChild(t *testing.T) {
	namespace := os.Getenv(childNamespace)
	if namespace == "" {
		t.Skip("only as another test's child")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	fmt.Println("waiting")
	ttl, err := time.ParseDuration(os.Getenv("LEASE_TEST_TTL"))
	require.NoError(t, err)
	held, err := leaser(t, namespace).Acquire(ctx, lease.Request{Keys: []string{"key"}, Owner: "child", TTL: ttl})
	require.NoError(t, err)
	fmt.Println("held")
	<-ctx.Done()
	require.NoError(t, held.Release(ctx))
}

// startChild starts the other process, and returns once it has said the word.
func startChild(t *testing.T, namespace string, ttl time.Duration, until string) *exec.Cmd {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.v")
	child.Env = append(os.Environ(), childNamespace+"="+namespace, "LEASE_TEST_TTL="+ttl.String())
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	t.Cleanup(func() { _, _ = child.Process.Kill(), child.Wait() })
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if lines.Text() == until {
			return child
		}
	}
	require.Fail(t, "the child ended before it was "+until)
	return nil
}

// within acquires the key, or fails the test if that takes longer.
func within(t *testing.T, l *lease.Leaser, bound time.Duration) *lease.Lease {
	t.Helper()
	begin := time.Now()
	held, err := l.Acquire(t.Context(), lease.Request{Keys: []string{"key"}, Owner: "next", TTL: 10 * time.Second, Wait: bound})
	require.NoError(t, err)
	t.Logf("granted after %v of at most %v", time.Since(begin).Round(time.Millisecond), bound.Round(time.Millisecond))
	return held
}

// waits blocks until that many stand in the namespace.
func waits(t *testing.T, l *lease.Leaser, n int) lease.View {
	t.Helper()
	for {
		view, err := l.View(t.Context())
		require.NoError(t, err)
		if len(view.Entries) == n {
			return view
		}
	}
}

func TestAKilledHolderDelaysTheNextByItsRemainingTimeAndASecond(t *testing.T) {
	namespace := rand.Text()
	l := leaser(t, namespace)
	child := startChild(t, namespace, 2*time.Second, "held")
	require.NoError(t, child.Process.Kill())
	_ = child.Wait()
	view := waits(t, l, 1)
	remaining := max(0, time.Until(view.Entries[0].Expires))
	require.NoError(t, within(t, l, remaining+time.Second).Release(t.Context()))
}

func TestATerminatedHolderReleasesAtOnce(t *testing.T) {
	namespace := rand.Text()
	l := leaser(t, namespace)
	child := startChild(t, namespace, time.Minute, "held")
	require.NoError(t, child.Process.Signal(syscall.SIGTERM))
	require.NoError(t, within(t, l, 5*time.Second).Release(t.Context())) // with a minute to live left
}

func TestAKilledWaiterDelaysOthersBySixSecondsAtMost(t *testing.T) {
	namespace := rand.Text()
	l := leaser(t, namespace)
	held := within(t, l, time.Second)
	child := startChild(t, namespace, time.Minute, "waiting")
	waits(t, l, 2)
	require.NoError(t, child.Process.Kill())
	died := time.Now()
	_ = child.Wait()
	require.NoError(t, held.Release(t.Context()))
	require.NoError(t, within(t, l, 6*time.Second-time.Since(died)).Release(t.Context()))
}

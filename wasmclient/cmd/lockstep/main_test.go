//go:build !js

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep"
	"lockstep/shared/syncquery"
	"lockstep/wasmclient/oldserver"
)

// commandLine runs a command line.
func commandLine(ctx context.Context, args ...string) (code int, out, err string) {
	var o, e bytes.Buffer
	code = run(ctx, args, streams{&o, &e})
	return code, o.String(), e.String()
}

func old(t *testing.T) string {
	t.Helper()
	registry, err := syncquery.ParseRegistry(lockstep.Registry)
	require.NoError(t, err)
	s := httptest.NewServer(oldserver.New(registry, oldserver.Options{}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		code int
		says string // on stdout for code 0, else on stderr
	}{
		"help":                 {[]string{"--help"}, 0, "simulate"},
		"help for a command":   {[]string{"simulate", "--help"}, 0, "--strategy"},
		"version":              {[]string{"--version"}, 0, "dev"},
		"no command":           {nil, exitUsage, "simulate"},
		"no such command":      {[]string{"simulat"}, exitUsage, "simulat"},
		"no url":               {[]string{"query", "1"}, exitUsage, "--url"},
		"a bad url":            {[]string{"simulate", "--url", "localhost"}, exitUsage, `url "localhost"`},
		"a bad strategy":       {[]string{"simulate", "--url", "http://x", "--strategy", "x"}, exitUsage, "--strategy"},
		"no workers":           {[]string{"simulate", "--url", "http://x", "--workers", "0"}, exitUsage, "workers"},
		"no queries":           {[]string{"simulate", "--url", "http://x", "--queries", "-1"}, exitUsage, "queries"},
		"too much unknown":     {[]string{"simulate", "--url", "http://x", "--unknown", "1.5"}, exitUsage, "unknown"},
		"no such rule":         {[]string{"simulate", "--without", "x"}, exitUsage, "without"},
		"too many clients":     {[]string{"simulate", "--clients", "65"}, exitUsage, "clients"},
		"clients of a server":  {[]string{"simulate", "--url", "http://x", "--clients", "2"}, exitUsage, "several processes"},
		"replay of a server":   {[]string{"simulate", "--url", "http://x", "--replay", "1"}, exitUsage, "replay"},
		"a world of a server":  {[]string{"simulate", "--url", "http://x", "--crash", "0.5"}, exitUsage, "give no --url"},
		"a ladder of a replay": {[]string{"simulate", "--ladder", "--replay", "1"}, exitUsage, "ladder"},
		"a file of a ladder":   {[]string{"simulate", "--ladder", "--plot", "x.svg"}, exitUsage, "plot"},
		"a plot that can't be": {[]string{"simulate", "--plot", "/nonexistent/x.svg"}, exitFailed, "/nonexistent/x.svg"},
		"a rate above 1":       {[]string{"oldserver", "--drop-rate", "2"}, exitUsage, "drop-rate"},
		"an id that is none":   {[]string{"query", "--url", "http://x", "a"}, exitUsage, "id"},
		"a file that can't be": {[]string{"simulate", "--url", "http://127.0.0.1:1", "--out", "/nonexistent/x.csv"}, exitFailed, "/nonexistent/x.csv"},
		"no server":            {[]string{"query", "--url", "http://127.0.0.1:1", "1"}, exitFailed, "can't be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := commandLine(t.Context(), c.args...)
			require.Equal(t, c.code, code, "%s%s", out, errs)
			if c.code == 0 {
				require.Contains(t, out, c.says)
				require.Empty(t, errs)
			} else {
				require.Contains(t, errs, c.says)
				require.True(t, strings.HasPrefix(errs, "lockstep: "))
			}
		})
	}
}

func TestSimulateReports(t *testing.T) {
	t.Parallel()
	csv := filepath.Join(t.TempDir(), "out.csv")
	code, out, errs := commandLine(t.Context(), "simulate", "--url", old(t), "--queries", "20", "--unknown", "1", "--json", "--out", csv)
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "20 of 20 queries failed")
	var report map[string]any
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.EqualValues(t, 20, report["failed"])
	require.Nil(t, report["latency_s"])
	require.Contains(t, report["first_error"], "no endpoint serves the resource")
	rows, err := os.ReadFile(csv)
	require.NoError(t, err)
	require.Equal(t, 21, strings.Count(string(rows), "\n"))
}

func TestQueryPrintsStates(t *testing.T) {
	t.Parallel()
	code, out, errs := commandLine(t.Context(), "query", "--url", old(t), "3", "4", "3")
	require.Zero(t, code, errs)
	require.JSONEq(t, `{"3": "state of 3", "4": "state of 4"}`, out)
}

// A server of a stack with Access=Iam: it answers nobody who doesn't sign.
func iam(t *testing.T, calls *atomic.Int64) string {
	t.Helper()
	registry, err := syncquery.ParseRegistry(lockstep.Registry)
	require.NoError(t, err)
	behind := oldserver.New(registry, oldserver.Options{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=key/") {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `{"error": "Missing Authentication Token"}`)
			return
		}
		behind.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestSign(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	var calls atomic.Int64
	url := iam(t, &calls)
	for name, args := range map[string][]string{"query": {"query", "3"}, "simulate": {"simulate", "--queries", "20"}} {
		t.Run(name, func(t *testing.T) {
			code, _, errs := commandLine(t.Context(), append(args, "--sign", "--url", url)...)
			require.Zero(t, code, errs)
		})
	}
	t.Run("without the flag", func(t *testing.T) {
		code, _, errs := commandLine(t.Context(), "query", "--url", url, "3")
		require.Equal(t, exitFailed, code)
		require.Contains(t, errs, "403: Missing Authentication Token")
	})
	for missing, says := range map[string]string{"AWS_REGION": "set AWS_REGION", "AWS_ACCESS_KEY_ID": "without AWS credentials"} {
		t.Run("without "+missing, func(t *testing.T) {
			t.Setenv(missing, "")
			before := calls.Load()
			code, _, errs := commandLine(t.Context(), "seed", "--sign", "--url", url)
			require.Equal(t, exitFailed, code)
			require.Contains(t, errs, says)
			require.Equal(t, before, calls.Load(), "nothing is sent")
		})
	}
}

func TestAnInterruptedRunSaysSo(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code, _, _ := commandLine(ctx, "simulate", "--url", old(t))
	require.Equal(t, exitInterrupted, code)
}

func TestATakenPortIsNamed(t *testing.T) {
	t.Parallel()
	taken := old(t)
	code, _, errs := commandLine(t.Context(), "oldserver", "--port", taken[strings.LastIndex(taken, ":")+1:])
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "port "+taken[strings.LastIndex(taken, ":")+1:])
}

// A panic is a bug, and must look like one.
func TestAPanicIsNotSwallowed(t *testing.T) {
	t.Parallel()
	require.Panics(t, func() { run(nil, []string{"query", "--url", "http://127.0.0.1:1", "1"}, streams{}) }) //nolint:staticcheck // a nil context panics
}

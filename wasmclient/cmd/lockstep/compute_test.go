//go:build !js

package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const piAnswered = `{"simulations":100,"concurrency":1,"pi":3.2,"simulations_distribution":[100],"time":0.5,"standard_error":0.1,"seed":7}`

// estimator is a compute service. It has the progress of runs by their ids, a part for
// each time it is asked; the last part hangs.
func estimator(t *testing.T, runs map[string][]string) string {
	t.Helper()
	mux := http.NewServeMux()
	post := func(route string, status int, body string) {
		mux.HandleFunc("POST "+route, func(w http.ResponseWriter, r *http.Request) {
			var who struct{ Username, Password string }
			if json.NewDecoder(r.Body).Decode(&who) != nil || who.Username != "0123" || who.Password != "0123-pw" {
				answer(w, 401, map[string]string{"error": "user info error"})
				return
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})
	}
	post("/pi", 200, piAnswered)
	post("/pi/cluster", 202, `{"id":"r"}`)
	post("/quote", 200, `{"quotes":["T: one\r\ntwo","T: three"]}`)
	mux.HandleFunc("GET /logins", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"9999":1,"0123":7}`) })
	mux.HandleFunc("GET /pi/cluster/{id}/progress", func(w http.ResponseWriter, r *http.Request) {
		parts, is := runs[r.PathValue("id")]
		if !is {
			answer(w, 404, map[string]string{"error": "there is no run '" + r.PathValue("id") + "'"})
			return
		}
		_, _ = io.WriteString(w, parts[0])
		if len(parts) > 1 { // one caller after the other
			runs[r.PathValue("id")] = parts[1:]
			return
		}
		_ = http.NewResponseController(w).Flush()
		if !strings.Contains(parts[0], `"state":`) {
			<-r.Context().Done()
		}
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

const (
	half   = `{"done":1,"of":2,"pi":3.14,"standard_error":0.01}` + "\n"
	whole  = `{"id":"r","state":"done","simulations":1000000,"shards":2,"pi":3.141,"simulations_distribution":{"shards":2,"least":500000,"most":500000},"time":1,"standard_error":0.0016,"seed":7}` + "\n"
	failed = `{"id":"f","state":"failed","done":1,"of":2,"error":"shard 1 failed 6 times: no memory","failed_shards":[{"shard":1,"attempts":6,"error":"no memory"}]}` + "\n"
)

func TestComputeUsage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args string
		code int
		says string // on stdout for code 0, else on stderr
	}{
		"help":                    {"pi --help", 0, "--progress-url"},
		"help of pi":              {"pi --help", 0, "a cluster's run goes on"},
		"help of quote":           {"quote --help", 0, "tcp,udp"},
		"help of logins":          {"logins --help", 0, "login_stat.json"},
		"no simulations":          {"pi", exitUsage, "--simulations"},
		"too few":                 {"pi --simulations 99", exitUsage, "100 to 100,000,000"},
		"too many":                {"pi --simulations 100000001", exitUsage, "more with --local or --cluster"},
		"too many here":           {"pi --local --simulations 1000000000000001", exitUsage, "1,000,000,000,000,000"},
		"too many for a cluster":  {"pi --cluster --simulations 2e15", exitUsage, "1,000,000,000,000,000"},
		"no number":               {"pi --simulations 1.5", exitUsage, `"1.5" is no number`},
		"no concurrency":          {"pi --simulations 100 --concurrency 0", exitUsage, "1 to 8"},
		"too concurrent":          {"pi --simulations 100 --concurrency 9", exitUsage, "1 to 8"},
		"a seed below 0":          {"pi --simulations 100 --seed=-1", exitUsage, "--seed"},
		"a seed too large":        {"pi --simulations 100 --seed 9007199254740992", exitUsage, "2^53-1"},
		"a user who is none":      {"pi --simulations 100 --user 012", exitUsage, "4 digits"},
		"a quoting user":          {"quote --protocol tcp --user 012a", exitUsage, "4 digits"},
		"a bad url":               {"pi --simulations 100 --url x", exitUsage, `url "x"`},
		"a bad progress-url":      {"pi --follow r --progress-url x", exitUsage, `url "x"`},
		"no time":                 {"logins --timeout 0s", exitUsage, "--timeout"},
		"here and there":          {"pi --local --simulations 100 --url http://x", exitUsage, "--url is for a service"},
		"a cluster here":          {"pi --local --simulations 100 --cluster", exitUsage, "--cluster is for a service"},
		"a variant there":         {"pi --simulations 100 --variant portable", exitUsage, "are for --local"},
		"no cores":                {"pi --local --simulations 100 --cores 0", exitUsage, "--cores"},
		"no such variant":         {"pi --local --simulations 100 --variant x", exitUsage, "--variant"},
		"shards of one request":   {"pi --simulations 100 --shards 2", exitUsage, "are for --cluster"},
		"no shards":               {"pi --cluster --simulations 100 --shards 0", exitUsage, "1 to 10000"},
		"a concurrent cluster":    {"pi --cluster --simulations 100 --concurrency 2", exitUsage, "give --shards"},
		"following something new": {"pi --follow r --simulations 100", exitUsage, "as it is"},
		"a plot of one":           {"pi --simulations 100 --plot x.svg", exitUsage, "--local or --cluster"},
		"a plot that can't be":    {"pi --local --simulations 100 --plot /nonexistent/x.svg", exitFailed, "/nonexistent/x.svg"},
		"no protocol":             {"quote", exitUsage, "--protocol"},
		"no such protocol":        {"quote --protocol smtp", exitUsage, "--protocol"},
		"no quotes":               {"quote --protocol tcp --concurrency 0", exitUsage, "1 to 8"},
		"no server":               {"pi --simulations 100 --url http://127.0.0.1:1", exitFailed, "`make run` starts a service here"},
		"no server to quote":      {"quote --protocol tcp --url http://127.0.0.1:1", exitFailed, "`make run`"},
		"no server of logins":     {"logins --url http://localhost:1", exitFailed, "`make run`"},
		"no server to follow":     {"pi --follow r --url http://127.0.0.1:1", exitFailed, "`make run`"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := commandLine(t.Context(), strings.Split(c.args, " ")...)
			require.Equal(t, c.code, code, "%s%s", out, errs)
			if c.code == 0 {
				out, errs = errs, strings.Join(strings.Fields(out), " ")
			}
			require.Contains(t, errs, c.says)
			require.Empty(t, out)
		})
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]count{"0": 0, "1000": 1000, "1_000_000": 1_000_000, "1e15": 1e15, "25e3": 25000, "10^6": 1e6, "2^30": 1 << 30, "0^9": 0, "7e0": 7} {
		var c count
		require.NoError(t, c.UnmarshalText([]byte(text)), text)
		require.Equal(t, want, c, text)
	}
	for _, text := range []string{"", "-1", "1.0", "e6", "1_00", "0x10", "1e19", "10^99", "9999999999999999999", "1e+6"} {
		require.Error(t, new(count).UnmarshalText([]byte(text)), text)
	}
}

func TestPiByOneRequest(t *testing.T) {
	t.Parallel()
	args := []string{"pi", "--simulations", "100", "--url", estimator(t, nil)}
	code, out, errs := commandLine(t.Context(), append(args, "--user", "0123")...)
	require.Zero(t, code, errs)
	require.Contains(t, out, "pi              3.2\nstandard error  0.1\n")
	_, out, _ = commandLine(t.Context(), append(args, "--user", "0123", "--json")...)
	require.JSONEq(t, piAnswered, out)
	code, _, errs = commandLine(t.Context(), args...)
	require.Equal(t, exitFailed, code, "0000 is not let in")
	require.Contains(t, errs, "401: user info error")
}

func TestPiHere(t *testing.T) {
	t.Parallel()
	plot := filepath.Join(t.TempDir(), "plot.svg")
	args := []string{"pi", "--local", "--simulations", "2e6", "--seed", "1", "--json"}
	var before map[string]any
	for _, more := range [][]string{nil, {"--variant", "portable", "--cores", "1"}, {"--plot", plot}} {
		code, out, errs := commandLine(t.Context(), append(args, append(more, "--concurrency", "3")...)...)
		require.Zero(t, code, errs)
		require.Empty(t, errs, "no bar where there is no terminal")
		var got map[string]any
		require.NoError(t, json.Unmarshal([]byte(out), &got))
		delete(got, "time")
		if before != nil {
			require.Equal(t, before, got)
		}
		before = got
	}
	svg, err := os.ReadFile(plot)
	require.NoError(t, err)
	require.Contains(t, string(svg), "to 2,000,000 simulations")
}

func TestPiHereIsStopped(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code, out, errs := commandLine(ctx, "pi", "--local", "--simulations", "1e15")
	require.Equal(t, exitInterrupted, code)
	require.Empty(t, out)
	require.Contains(t, errs, "stopped before")
}

func TestPiOnACluster(t *testing.T) {
	t.Parallel()
	plot := filepath.Join(t.TempDir(), "plot.svg")
	url := estimator(t, map[string][]string{"r": {half, half, whole}})
	code, out, errs := commandLine(t.Context(), "pi", "--cluster", "--simulations", "1e6", "--shards", "2", "--user", "0123", "--url", url, "--plot", plot)
	require.Zero(t, code, errs)
	require.Equal(t, "run r\n", errs)
	require.Contains(t, out, "run             r\npi              3.141\n")
	require.Contains(t, out, "2 shards of 500,000\n")
	svg, err := os.ReadFile(plot)
	require.NoError(t, err)
	require.Contains(t, string(svg), "2 estimates, from 27,004 to 1,000,000 simulations")
}

// Deployed, the progress has an address of its own.
func TestPiIsFollowedElsewhere(t *testing.T) {
	t.Parallel()
	api, progress := estimator(t, nil), estimator(t, map[string][]string{"r": {whole}, "f": {failed}})
	code, out, errs := commandLine(t.Context(), "pi", "--follow", "r", "--url", api, "--progress-url", progress, "--json")
	require.Zero(t, code, errs)
	require.JSONEq(t, whole, out)

	code, out, errs = commandLine(t.Context(), "pi", "--follow", "f", "--progress-url", progress, "--json")
	require.Equal(t, exitFailed, code)
	require.JSONEq(t, failed, out)
	require.Equal(t, "lockstep: run f failed: shard 1 failed 6 times: no memory\n", errs)

	code, _, errs = commandLine(t.Context(), "pi", "--follow", "x", "--url", api)
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "there is no run 'x'")
	require.NotContains(t, errs, "goes on")

	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 403, map[string]string{"message": "Forbidden"})
	}))
	t.Cleanup(gateway.Close)
	_, _, errs = commandLine(t.Context(), "pi", "--follow", "x", "--url", gateway.URL)
	require.Contains(t, errs, "--progress-url")
}

// stopper cancels when the run's id is told.
type stopper struct {
	strings.Builder
	stop context.CancelFunc
}

func (s *stopper) Write(p []byte) (int, error) {
	s.stop()
	return s.Builder.Write(p)
}

func TestAnInterruptedRunGoesOn(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	url, errs := estimator(t, map[string][]string{"r": {half}}), &stopper{stop: cancel}
	code := run(ctx, []string{"pi", "--cluster", "--simulations", "1e6", "--user", "0123", "--url", url, "--plot", filepath.Join(t.TempDir(), "a b.svg")}, streams{io.Discard, errs})
	require.Equal(t, exitInterrupted, code)
	require.Contains(t, errs.String(), "to follow it again: lockstep pi --follow r --url "+url+" --plot '")
}

func TestQuote(t *testing.T) {
	t.Parallel()
	args := []string{"quote", "--protocol", "tcp", "--concurrency", "2", "--user", "0123", "--url", estimator(t, nil)}
	code, out, errs := commandLine(t.Context(), args...)
	require.Zero(t, code, errs)
	require.Equal(t, "T: one two\nT: three\n", out)
	_, out, _ = commandLine(t.Context(), append(args, "--json")...)
	require.JSONEq(t, `{"quotes":["T: one\r\ntwo","T: three"]}`, out)
}

func TestLogins(t *testing.T) {
	t.Parallel()
	code, out, errs := commandLine(t.Context(), "logins", "--url", estimator(t, nil))
	require.Zero(t, code, errs)
	require.Equal(t, `{"0123":7,"9999":1}`+"\n", out)
}

// Of a stack with Access=Iam everything is signed, for the service that it goes to.
func TestComputeSign(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	signedFor := func(service, status, body string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/"+service+"/aws4_request") {
				answer(w, 403, map[string]string{"message": "Missing Authentication Token"})
				return
			}
			if status == "202" {
				w.WriteHeader(http.StatusAccepted)
			}
			_, _ = io.WriteString(w, body)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	logins := []string{"logins", "--url", signedFor("execute-api", "200", `{}`)}
	cluster := []string{"pi", "--cluster", "--simulations", "1e6", "--url", signedFor("execute-api", "202", `{"id":"r"}`), "--progress-url", signedFor("lambda", "200", whole)}
	for _, args := range [][]string{logins, cluster} {
		code, _, errs := commandLine(t.Context(), append(args, "--sign")...)
		require.Zero(t, code, errs)
		code, _, errs = commandLine(t.Context(), args...)
		require.Equal(t, exitFailed, code, "not signed")
		require.Contains(t, errs, "403")
	}
}

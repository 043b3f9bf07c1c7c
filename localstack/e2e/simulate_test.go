package e2e_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep"
	"lockstep/shared/need"
	"lockstep/shared/syncquery"
	"lockstep/wasmclient/oldserver"
	"lockstep/wasmclient/sim"
)

// clients are the ways to start the command line: the command and its first arguments.
func clients(t testing.TB) map[string]func(testing.TB) []string {
	t.Helper()
	return map[string]func(testing.TB) []string{
		"native": func(t testing.TB) []string { return []string{built(t, "lockstep", "lockstep")} },
		"node": func(t testing.TB) []string {
			return []string{need.Node(t), built(t, "npm", "npm/lockstep.mjs")}
		},
	}
}

// simulate runs `lockstep simulate --json` to its end and returns what it reports,
// and its exit code.
func simulate(t testing.TB, program []string, arguments ...string) (report sim.Report, code int) {
	t.Helper()
	command := exec.CommandContext(t.Context(), program[0], append(append(program[1:], "simulate", "--json"), arguments...)...)
	command.Env = append(os.Environ(), "GORACE=")
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	err := command.Run()
	require.NotNil(t, command.ProcessState, "%v", err)
	require.NoError(t, json.Unmarshal(out.Bytes(), &report), "stdout: %s\nstderr: %s", out.String(), errs.String())
	return report, command.ProcessState.ExitCode()
}

// statistics is what oldserver's GET /stats answers.
type statistics struct {
	Calls                 map[string]map[string]int `json:"calls"`
	ReadsWithoutLock      int                       `json:"reads_without_lock"`
	ReadsUnderForeignLock int                       `json:"reads_under_foreign_lock"`
	ForeignLocksFreed     int                       `json:"foreign_locks_freed"`
	LocksLeft             []string                  `json:"locks_left"`
	AnswersLost           []string                  `json:"answers_lost"`
}

func statsOf(t testing.TB, url string) (s statistics) {
	t.Helper()
	answer, err := http.Get(url + "/stats")
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(body, &s))
	return s
}

// requireClean holds what must hold of any client.
func (s statistics) requireClean(t testing.TB) {
	t.Helper()
	require.Zero(t, s.ReadsWithoutLock)
	require.Zero(t, s.ReadsUnderForeignLock)
	require.Zero(t, s.ForeignLocksFreed)
}

// Many queries against our own server, on both stores, natively and under Node: by
// default as many as the command itself asks.
func TestSimulateAgainstOurServer(t *testing.T) {
	ourServers(t, func(t *testing.T, s server) {
		for name, program := range clients(t) {
			t.Run(name, func(t *testing.T) {
				arguments := []string{"--url", s.locks, "--queries", strconv.Itoa(*queries), "--workers", strconv.Itoa(*workers)}
				if *sign && name == "native" { // under Node it can't; that a stack is Public is the caller's to see to
					arguments = append(arguments, "--sign")
				}
				report, code := simulate(t, program(t), arguments...)
				require.Zero(t, code)
				require.Equal(t, *queries, report.Queries)
				require.Zero(t, report.Failed, report.FirstError)
				require.Empty(t, report.PossiblyLocked)
				require.False(t, slices.ContainsFunc(registryOf(t, s.locks), func(e syncquery.Endpoint) bool { return e.Locked }), "locks left")
			})
		}
	})
}

var flaws = oldserver.Options{UnlockedReads: true, FreeAny: true, Close: true, ReadTime: 100 * time.Millisecond, Latency: 2 * time.Millisecond}

// faulty is a server with the flaws that also fails and loses answers.
func faulty() oldserver.Options {
	o := flaws
	o.ErrorRate, o.DropRate, o.Seed, o.ReadTime = 0.05, 0.05, 1, 20*time.Millisecond
	return o
}

func TestSimulateAgainstAnOldServer(t *testing.T) {
	program := clients(t)["native"](t)
	old := startOld(t, flaws)
	for strategy, queries := range map[string]int{"serial": 20, "baseline": 100, "group": 1000} {
		report, code := simulate(t, program, "--url", old.URL, "--strategy", strategy, "--queries", strconv.Itoa(queries))
		require.Zero(t, code)
		require.Equal(t, strategy, report.Strategy)
		require.Zero(t, report.Failed, report.FirstError)
		require.Empty(t, report.PossiblyLocked)
		if strategy == "baseline" { // the usual client's figure
			require.GreaterOrEqual(t, report.CallsPerQuery, 16.0)
			require.LessOrEqual(t, report.CallsPerQuery, 19.0)
		}
	}
	s := statsOf(t, old.URL)
	s.requireClean(t)
	require.Empty(t, s.LocksLeft)
}

// Two clients beside each other, on a server that fails and loses answers: every
// query ends, no foreign lock is freed, and a lock is left only where an answer
// was lost, and then one of them says so.
func TestTwoClientsOnAFaultyServer(t *testing.T) {
	program := clients(t)["native"](t)
	for _, second := range []string{"group", "baseline"} {
		t.Run(second, func(t *testing.T) {
			t.Parallel()
			old := startOld(t, faulty())
			var reports [2]sim.Report
			var wg sync.WaitGroup
			for i, strategy := range []string{"group", second} {
				wg.Go(func() {
					rows := filepath.Join(t.TempDir(), "rows.csv")
					reports[i], _ = simulate(t, program, "--url", old.URL, "--queries", "200", "--workers", "20", "--strategy", strategy, "--timeout", "2s", "--seed", strconv.Itoa(i), "--out", rows)
					requireInTime(t, rows, 2*time.Second)
				})
			}
			wg.Wait()
			s := statsOf(t, old.URL)
			s.requireClean(t)
			reported := slices.Concat(reports[0].PossiblyLocked, reports[1].PossiblyLocked)
			for _, name := range s.LocksLeft {
				require.Contains(t, s.AnswersLost, name)
				require.Contains(t, reported, name)
			}
			for _, r := range reports {
				require.Equal(t, 200, r.Queries)
				require.Greater(t, r.Queries, r.Failed, "some must come through: %s", r.FirstError)
			}
		})
	}
}

// requireInTime holds that every query of a run ended by its deadline, in an answer
// or an error, and not when some call of it did (10 s); as much again is for a busy
// machine.
func requireInTime(t *testing.T, rows string, deadline time.Duration) {
	t.Helper()
	f, err := os.Open(rows)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	all, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	for _, row := range all[1:] {
		seconds, err := strconv.ParseFloat(row[3], 64)
		require.NoError(t, err)
		require.LessOrEqual(t, seconds, (2 * deadline).Seconds(), "query %s: %s", row[0], row[4])
	}
}

func TestAloneNothingIsLeft(t *testing.T) {
	program := clients(t)["native"](t)
	for _, strategy := range []string{"group", "baseline"} {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			old := startOld(t, faulty())
			report, code := simulate(t, program, "--url", old.URL, "--queries", "100", "--workers", "10", "--strategy", strategy, "--alone")
			require.Zero(t, code)
			require.Zero(t, report.Failed, report.FirstError)
			require.Empty(t, report.PossiblyLocked)
			s := statsOf(t, old.URL)
			s.requireClean(t)
			require.Empty(t, s.LocksLeft)
		})
	}
}

// A signal in the middle of any step ends the run with every lock freed.
func TestASignalLeavesNoLock(t *testing.T) {
	notWithURL(t)
	for name, program := range clients(t) {
		for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			for _, at := range []int64{1, 3, 8, 30, 60, 200} { // the registry, locks, reads, unlocks, later rounds
				t.Run(name+"/"+signal.String()+"/"+strconv.FormatInt(at, 10), func(t *testing.T) {
					t.Parallel()
					signalAt(t, program(t), signal, at)
				})
			}
		}
	}
}

func signalAt(t *testing.T, program []string, signal syscall.Signal, at int64) {
	t.Helper()
	registry, err := syncquery.ParseRegistry(lockstep.Registry)
	require.NoError(t, err)
	old := oldserver.New(registry, flaws)
	var calls atomic.Int64
	reached := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == at {
			close(reached)
		}
		old.ServeHTTP(w, r)
	}))
	defer server.Close()
	command := exec.CommandContext(t.Context(), program[0], append(program[1:], "simulate", "--url", server.URL, "--queries", "100000")...)
	require.NoError(t, command.Start())
	<-reached
	require.NoError(t, command.Process.Signal(signal))
	_ = command.Wait()
	require.Equal(t, 130, command.ProcessState.ExitCode(), "it must end by itself")
	s := statsOf(t, server.URL)
	s.requireClean(t)
	require.Empty(t, s.LocksLeft)
}

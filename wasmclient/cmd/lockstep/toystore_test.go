//go:build !js

package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/wasmclient/toystore"
)

func TestToystoreUsage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args string
		code int
		says string // on stdout for code 0, else on stderr
	}{
		"help":                     {"--help", 0, "toystore load"},
		"exit codes":               {"buy --help", 0, "3 out of stock; 4"},
		"exit codes of a query":    {"query --help", 0, "3 out of stock; 4"},
		"the default url":          {"query --help", 0, localStore},
		"the default address":      {"query --help", 0, localStoreLines},
		"what load does":           {"load --help", 0, "connections of its own"},
		"no toy":                   {"query", exitUsage, "name"},
		"an empty name":            {"buy ", exitUsage, "empty"},
		"a name of two lines":      {"query a\nb", exitUsage, "line break"},
		"a url over tcp":           {"query Tux --protocol tcp --url http://x", exitUsage, "--address"},
		"an address over http":     {"query Tux --address x:1", exitUsage, "--url"},
		"a bad url":                {"query Tux --url localhost", exitUsage, `url "localhost"`},
		"a bad address":            {"query Tux --protocol tcp --address x", exitUsage, `address "x"`},
		"signing lines":            {"query Tux --protocol tcp --sign", exitUsage, "--sign is for http"},
		"signing gRPC":             {"buy Tux --protocol grpc --sign", exitUsage, "--sign is for http"},
		"no time":                  {"buy Tux --timeout 0s", exitUsage, "--timeout"},
		"no protocol":              {"buy Tux --protocol smtp", exitUsage, "--protocol"},
		"none":                     {"buy Tux --quantity 0", exitUsage, "quantity"},
		"two over tcp":             {"buy Tux --protocol tcp --quantity 2", exitUsage, "--quantity"},
		"a key over tcp":           {"buy Tux --protocol tcp --idempotency-key k", exitUsage, "--idempotency-key"},
		"a price that is none":     {"put Tux --stock 1 --price 1.5", exitUsage, `"1.5"`},
		"less than nothing":        {"put Tux --stock=-1 --price 1", exitUsage, "-1"},
		"no price":                 {"put Tux --stock 1", exitUsage, "--price"},
		"no stock":                 {"put Tux --price 1", exitUsage, "--stock"},
		"less than no toys":        {"list --limit=-1", exitUsage, "--limit"},
		"no clients":               {"load --clients 0", exitUsage, "clients"},
		"no requests":              {"load --requests 0", exitUsage, "requests"},
		"no such operation":        {"load --operation sell", exitUsage, "--operation"},
		"load over no protocol":    {"load --protocol tcp,smtp", exitUsage, "--protocol"},
		"a plot that can't be":     {"load --url http://127.0.0.1:1 --plot /nonexistent/x.svg", exitFailed, "/nonexistent/x.svg"},
		"no server":                {"query Tux --url http://127.0.0.1:1", exitFailed, "can't be reached"},
		"no gRPC server":           {"buy Tux --url http://127.0.0.1:1 --protocol grpc", exitFailed, "can't be reached"},
		"no server to list":        {"list --url http://127.0.0.1:1", exitFailed, "can't be reached"},
		"no server to put to":      {"put Tux --price 1 --stock 1 --url http://127.0.0.1:1", exitFailed, "can't be reached"},
		"no server to load":        {"load --clients 2 --requests 1 --url http://127.0.0.1:1", exitFailed, "2 of 2 requests failed"},
		"a load that is too heavy": {"load --clients 10000 --requests 100000", exitUsage, "more than"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := commandLine(t.Context(), strings.Split("toystore "+c.args, " ")...)
			require.Equal(t, c.code, code, "%s%s", out, errs)
			if c.code == 0 {
				require.Contains(t, strings.Join(strings.Fields(out), " "), c.says)
			} else {
				require.Contains(t, errs, c.says)
			}
		})
	}
}

func TestToystoreQuery(t *testing.T) {
	t.Parallel()
	s := open(t)
	for protocol, want := range map[string]string{
		"http": "NAME     PRICE  STOCK\nTux      25.99  5\nDolphin  39.99  out of stock\nFoo      -      no such toy\n",
		"grpc": "NAME     PRICE  STOCK\nTux      25.99  5\nDolphin  39.99  out of stock\nFoo      -      no such toy\n",
		"tcp":  "NAME     PRICE  STOCK\nTux      25.99  in stock\nDolphin  -      out of stock\nFoo      -      no such toy\n",
	} {
		code, out, errs := s.do(t, protocol, "query", "Tux", "Dolphin", "Foo")
		require.Equal(t, exitNoSuchToy, code)
		require.Equal(t, want, out)
		require.Equal(t, "lockstep: out of stock: Dolphin; no such toy: Foo\n", errs)

		code, _, errs = s.do(t, protocol, "query", "Tux", "Dolphin")
		require.Equal(t, exitOutOfStock, code)
		require.Equal(t, "lockstep: out of stock: Dolphin\n", errs)

		code, _, errs = s.do(t, protocol, "query", "Tux")
		require.Zero(t, code)
		require.Empty(t, errs)
	}
	_, out, _ := s.do(t, "grpc", "query", "--json", "Tux", "Dolphin", "Foo")
	require.JSONEq(t, `[{"name": "Tux", "status": "in_stock", "price": "25.99", "stock": 5},
		{"name": "Dolphin", "status": "out_of_stock", "price": "39.99", "stock": 0}, {"name": "Foo", "status": "no_such_toy"}]`, out)
}

func TestToystoreBuy(t *testing.T) {
	t.Parallel()
	for protocol, says := range map[string]string{"http": "bought 1 Tux, 4 left\n", "grpc": "bought 1 Tux, 4 left\n", "tcp": "bought 1 Tux\n"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			code, out, errs := s.do(t, protocol, "buy", "Tux")
			require.Zero(t, code, errs)
			require.Equal(t, says, out)
			toy, _ := s.toy("Tux")
			require.EqualValues(t, 4, toy.Stock)

			code, out, errs = s.do(t, protocol, "buy", "Dolphin")
			require.Equal(t, exitOutOfStock, code)
			require.Empty(t, out)
			require.Equal(t, "lockstep: Dolphin is out of stock: 1 wanted, 0 left\n", errs)

			code, out, errs = s.do(t, protocol, "buy", "Foo", "--json")
			require.Equal(t, exitNoSuchToy, code)
			require.Contains(t, out, `"result": "no_such_toy"`)
			require.Equal(t, "lockstep: Foo: there is no such toy\n", errs)
		})
	}
	_, out, _ := open(t).do(t, "http", "buy", "Tux", "--json", "--quantity", "2", "--idempotency-key", "k")
	require.JSONEq(t, `{"name": "Tux", "quantity": 2, "result": "bought", "stock": 3, "idempotency_key": "k"}`, out)
}

func TestALostAnswerToAPurchase(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"http", "grpc"} {
		s := open(t)
		s.forget(1)
		code, out, errs := s.do(t, protocol, "buy", "Tux")
		require.Zero(t, code, errs)
		require.Equal(t, "bought 1 Tux, 4 left\n", out)
		keys := s.bought()
		require.Len(t, keys, 2, "repeated")
		require.NotEmpty(t, keys[0])
		require.Equal(t, keys[0], keys[1], "with the same key")

		s.forget(1)
		s.shut()
		code, _, errs = s.do(t, protocol, "buy", "Tux")
		require.Equal(t, exitFailed, code)
		require.Contains(t, errs, "closed")
		require.Contains(t, errs, "it may have been bought all the same: the same with --idempotency-key "+s.bought()[2]+" buys it once")

		code, _, errs = s.do(t, protocol, "buy", "Tux")
		require.Equal(t, exitFailed, code)
		require.NotContains(t, errs, "it may have been bought", "a refusal leaves no doubt")
	}
}

func TestToystoreListAndPut(t *testing.T) {
	t.Parallel()
	s := open(t)
	list := []string{"toystore", "list", "--url", s.url}
	code, out, errs := commandLine(t.Context(), list...)
	require.Zero(t, code, errs)
	require.Equal(t, "NAME     PRICE  STOCK\nDolphin  39.99  out of stock\nTux      25.99  5\n", out)

	code, out, errs = commandLine(t.Context(), "toystore", "put", "Dolphin", "--price", "10", "--stock", "3", "--url", s.url)
	require.Zero(t, code, errs)
	require.Equal(t, "Dolphin: price 10.00, stock 3\n", out)

	_, out, _ = commandLine(t.Context(), append(list, "--limit", "1", "--json")...)
	require.JSONEq(t, `[{"name": "Dolphin", "price": "10.00", "stock": 3}]`, out)
}

func TestToystoreLoad(t *testing.T) {
	t.Parallel()
	s := open(t)
	plot := filepath.Join(t.TempDir(), "plot.svg")
	args := []string{
		"toystore", "load", "--url", s.url, "--address", s.address, "--protocol", "tcp,grpc,http", "--operation", "query,buy",
		"--clients", "1,2", "--requests", "3", "--plot", plot,
	}
	code, out, errs := commandLine(t.Context(), args...)
	require.Zero(t, code, errs)
	var rows []string
	for row := range strings.Lines(out) {
		if cells := strings.Fields(row); len(cells) > 4 && !strings.Contains(cells[1], ",") {
			rows = append(rows, strings.Join(cells[:4], " "))
		}
	}
	require.Contains(t, rows, "grpc buy 2 6")
	require.Contains(t, out, `http buy, clients: 2: 6 of 6 were answered "out of stock"`)
	svg, err := os.ReadFile(plot)
	require.NoError(t, err)
	require.Contains(t, string(svg), "tcp query")

	code, out, _ = commandLine(t.Context(), append(args, "--json", "--toy", "Foo")...)
	require.Equal(t, exitFailed, code)
	var results []map[string]any
	require.NoError(t, json.Unmarshal([]byte(out), &results))
	require.Len(t, results, 12)
	require.Contains(t, results[0]["first_error"], "no such toy")

	code, out, _ = commandLine(t.Context(), append(args, "--verbose")...)
	require.Zero(t, code)
	require.Contains(t, out, "#2")
}

func TestSeedToys(t *testing.T) {
	t.Parallel()
	s := open(t)
	code, out, errs := commandLine(t.Context(), "seed", "--toystore", s.url)
	require.Zero(t, code, errs)
	require.Equal(t, "loaded 6 toys, 2 were there already\n", out)
	toy, _ := s.toy("Tux")
	require.EqualValues(t, 5, toy.Stock, "what is sold does not come back")
	toy, _ = s.toy("Penguin, large")
	require.Equal(t, toystore.Toy{Name: "Penguin, large", Price: 14900, Stock: 5}, toy)

	code, out, _ = commandLine(t.Context(), "seed", "--toystore", s.url)
	require.Zero(t, code)
	require.Equal(t, "loaded 0 toys, 8 were there already\n", out)
	puts, _ := s.traffic()
	require.Equal(t, 6, puts)

	many := filepath.Join(t.TempDir(), "toys.json")
	var toys []toystore.Toy
	for i := range 200 {
		toys = append(toys, toystore.Toy{Name: strconv.Itoa(i), Price: 1})
	}
	text, err := json.Marshal(toys)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(many, text, 0o600))
	s.together(seedAtATime) // it does load that many at a time, and no more
	code, out, errs = commandLine(t.Context(), "seed", "--toystore", s.url, "--toys", many)
	require.Zero(t, code, errs)
	require.Equal(t, "loaded 200 toys, 0 were there already\n", out)
	_, most := s.traffic()
	require.Equal(t, seedAtATime, most)

	for says, args := range map[string][]string{
		"--url=URL": {"seed"}, "--toys needs": {"seed", "--url", "http://x", "--toys", many}, `url "x"`: {"seed", "--toystore", "x"},
	} {
		code, _, errs = commandLine(t.Context(), args...)
		require.Equal(t, exitUsage, code)
		require.Contains(t, errs, says)
	}
	code, _, errs = commandLine(t.Context(), "seed", "--toystore", "http://127.0.0.1:1")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "can't be reached")
}

// Of a stack with Access=Iam, everything over HTTP is signed.
func TestToystoreSign(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=key/"):
			answer(w, 403, map[string]string{"message": "Missing Authentication Token"})
		case r.Method == http.MethodPost:
			_, _ = io.WriteString(w, `{"result": "bought", "stock": 1}`)
		case r.URL.Path == "/toys":
			_, _ = io.WriteString(w, `{"toys": []}`)
		default:
			_, _ = io.WriteString(w, `{"name": "Tux", "price": "1.00", "stock": 1}`)
		}
	}))
	t.Cleanup(server.Close)
	for _, args := range []string{"query Tux", "buy Tux", "list", "put Tux --price 1 --stock 1", "load --clients 1 --requests 2"} {
		args := append([]string{"toystore"}, append(strings.Fields(args), "--url", server.URL)...)
		code, _, errs := commandLine(t.Context(), append(args, "--sign")...)
		require.Zero(t, code, errs)
		code, _, _ = commandLine(t.Context(), args...)
		require.Equal(t, exitFailed, code, "not signed")
	}
	code, _, errs := commandLine(t.Context(), "seed", "--sign", "--toystore", server.URL)
	require.Zero(t, code, errs)
}

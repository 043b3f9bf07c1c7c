//go:build !js

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	toystorev1 "lockstep/shared/proto/toystore/v1"
	"lockstep/shared/proto/toystore/v1/toystorev1connect"
	"lockstep/wasmclient/toystore"
)

// shop is a small toy store that speaks all three protocols.
type shop struct {
	url, address string

	mu       sync.Mutex
	toys     map[string]toystore.Toy
	keys     []string // of purchases, as they come
	lose     int      // so many answers to purchases over HTTP and gRPC
	closed   bool     // to purchases over HTTP and gRPC
	puts     int
	underway int
	most     int // requests over HTTP at a time
	gather   int // so many requests over HTTP are answered together; then the rest as they come
	gathered chan struct{}
}

func open(t *testing.T) *shop {
	t.Helper()
	s := &shop{toys: map[string]toystore.Toy{
		"Tux": {Name: "Tux", Price: 2599, Stock: 5}, "Dolphin": {Name: "Dolphin", Price: 3999},
	}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /toys", s.list)
	mux.HandleFunc("GET /toys/{name}", s.query)
	mux.HandleFunc("PUT /toys/{name}", s.put)
	mux.HandleFunc("POST /toys/{name}/buy", s.buy)
	mux.Handle(toystorev1connect.NewToyStoreHandler(rpc{s}))
	server := httptest.NewUnstartedServer(s.counted(mux))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	s.url = server.URL
	s.listen(t)
	return s
}

func (s *shop) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.underway++
		s.most = max(s.most, s.underway)
		if s.underway == s.gather {
			close(s.gathered)
			s.gather = 0
		}
		gathered := s.gathered
		s.mu.Unlock()
		if gathered != nil {
			<-gathered
			for range 1000 { // there is time for more to come
				runtime.Gosched()
			}
		}
		defer func() {
			s.mu.Lock()
			s.underway--
			s.mu.Unlock()
		}()
		next.ServeHTTP(w, r)
	})
}

// What a sale comes to that is none.
const (
	noToy  = -1
	nobody = -2
)

// sell sells, and returns what is left, or why not. It may lose the answer.
func (s *shop) sell(name, key string, quantity int64) (sold bool, stock int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = append(s.keys, key)
	if s.lose > 0 {
		s.lose--
		panic(http.ErrAbortHandler)
	}
	toy, is := s.toys[name]
	switch {
	case s.closed:
		return false, nobody
	case !is:
		return false, noToy
	case toy.Stock < quantity:
		return false, toy.Stock
	}
	toy.Stock -= quantity
	s.toys[name] = toy
	return true, toy.Stock
}

func (s *shop) toy(name string) (toystore.Toy, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	toy, is := s.toys[name]
	return toy, is
}

func answer(w http.ResponseWriter, status int, value any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

func (s *shop) list(w http.ResponseWriter, r *http.Request) {
	toys := []toystore.Toy{}
	for _, name := range []string{"Dolphin", "Tux"} {
		toy, _ := s.toy(name)
		toys = append(toys, toy)
	}
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	answer(w, 200, map[string]any{"toys": toys[:min(limit, 2)]})
}

func (s *shop) query(w http.ResponseWriter, r *http.Request) {
	if toy, is := s.toy(r.PathValue("name")); is {
		answer(w, 200, toy)
		return
	}
	answer(w, 404, map[string]string{"error": "there is no toy"})
}

func (s *shop) put(w http.ResponseWriter, r *http.Request) {
	var toy toystore.Toy
	if err := json.NewDecoder(r.Body).Decode(&toy); err != nil {
		answer(w, 400, map[string]string{"error": err.Error()})
		return
	}
	s.mu.Lock()
	s.puts++
	s.toys[r.PathValue("name")] = toy
	s.mu.Unlock()
	answer(w, 200, toy)
}

func (s *shop) buy(w http.ResponseWriter, r *http.Request) {
	var wanted struct{ Quantity int64 }
	_ = json.NewDecoder(r.Body).Decode(&wanted)
	switch sold, stock := s.sell(r.PathValue("name"), r.Header.Get("Idempotency-Key"), wanted.Quantity); {
	case sold:
		answer(w, 200, map[string]any{"result": "bought", "stock": stock})
	case stock == nobody:
		answer(w, 400, map[string]string{"error": "closed"})
	case stock == noToy:
		answer(w, 404, map[string]string{"error": "there is no toy"})
	default:
		answer(w, 409, map[string]any{"result": "out_of_stock", "stock": stock})
	}
}

type rpc struct{ *shop }

func (s rpc) Query(_ context.Context, in *toystorev1.QueryRequest) (*toystorev1.QueryResponse, error) {
	toy, is := s.toy(in.GetName())
	if !is {
		return nil, connect.NewError(connect.CodeNotFound, nil)
	}
	return &toystorev1.QueryResponse{Name: toy.Name, PriceCents: toy.Price, Stock: toy.Stock}, nil
}

func (s rpc) Buy(_ context.Context, in *toystorev1.BuyRequest) (*toystorev1.BuyResponse, error) {
	switch sold, stock := s.sell(in.GetName(), in.GetIdempotencyKey(), in.GetQuantity()); {
	case sold:
		return &toystorev1.BuyResponse{Result: toystorev1.Result_RESULT_BOUGHT, Stock: stock}, nil
	case stock == nobody:
		return nil, connect.NewError(connect.CodeFailedPrecondition, errors.New("closed"))
	case stock == noToy:
		return &toystorev1.BuyResponse{Result: toystorev1.Result_RESULT_NO_SUCH_TOY}, nil
	default:
		return &toystorev1.BuyResponse{Result: toystorev1.Result_RESULT_OUT_OF_STOCK, Stock: stock}, nil
	}
}

// listen serves the line protocol.
func (s *shop) listen(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.address = l.Addr().String()
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer func() { _ = conn.Close() }()
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					_, _ = fmt.Fprintln(conn, s.line(lines.Text()))
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
}

func (s *shop) line(request string) string {
	method, name, _ := strings.Cut(request, ": ")
	toy, is := s.toy(name)
	switch {
	case !is:
		return "-1"
	case toy.Stock == 0:
		return "0"
	case method == "Query":
		return toystore.FormatPrice(toy.Price)
	}
	s.sell(name, "", 1)
	return "1"
}

// bought is the keys of the purchases until now.
func (s *shop) bought() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.keys)
}

// forget makes the shop lose its next answers to purchases.
func (s *shop) forget(answers int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lose = answers
}

// together makes the shop answer the next n requests only once they are all there.
func (s *shop) together(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gather, s.gathered = n, make(chan struct{})
}

// shut makes the shop refuse purchases.
func (s *shop) shut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}

// traffic is how many toys were put, and how many requests came at a time.
func (s *shop) traffic() (puts, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.puts, s.most
}

// at is where the shop is over a protocol.
func (s *shop) at(protocol string) []string {
	if protocol == "tcp" {
		return []string{"--protocol", "tcp", "--address", s.address}
	}
	return []string{"--protocol", protocol, "--url", s.url}
}

func (s *shop) do(t *testing.T, protocol string, args ...string) (code int, out, errs string) {
	t.Helper()
	return commandLine(t.Context(), append(append([]string{"toystore"}, args...), s.at(protocol)...)...)
}

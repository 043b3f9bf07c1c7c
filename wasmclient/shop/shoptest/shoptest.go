// Package shoptest is a small shop for tests, which speaks the contract over HTTP.
package shoptest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"lockstep/wasmclient/shop"
)

// Shop is a shop in memory. It takes requests for what they seem: its rules are the
// real one's to test.
type Shop struct {
	URL string

	mux      *http.ServeMux
	mu       sync.Mutex
	products map[string]shop.Product
	orders   []shop.Order
	byKey    map[string]int64
	requests []string
	keys     []string // of orders, as they come
	spoil    func(w http.ResponseWriter, r *http.Request) (done bool)
}

// Open opens a shop, until the test ends.
func Open(t testing.TB) *Shop {
	t.Helper()
	s := &Shop{products: map[string]shop.Product{}, byKey: map[string]int64{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /products", s.createProduct)
	mux.HandleFunc("GET /products/{id}", s.product)
	mux.HandleFunc("DELETE /products/{id}", s.deleteProduct)
	mux.HandleFunc("GET /products", s.listProducts)
	mux.HandleFunc("POST /orders", s.createOrder)
	mux.HandleFunc("GET /orders/{id}", s.order)
	mux.HandleFunc("GET /orders", s.listOrders)
	mux.HandleFunc("GET /orders/export", s.export)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fail(w, 404, "NOT_FOUND", "no such path") })
	s.mux = mux
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests = append(s.requests, r.Method+" "+r.RequestURI)
		if r.Method == http.MethodPost && r.URL.Path == "/orders" {
			s.keys = append(s.keys, r.Header.Get("Idempotency-Key"))
		}
		if s.spoil == nil || !s.spoil(w, r) {
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Spoil has fn see every request first, one at a time; those that it is done with have
// no effect.
func (s *Shop) Spoil(fn func(w http.ResponseWriter, r *http.Request) (done bool)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spoil = fn
}

// Handler is what answers the requests that nobody spoils, for one who spoils answers.
func (s *Shop) Handler() http.Handler { return s.mux }

// Lose makes the shop lose so many answers to requests of the method, without effect.
func (s *Shop) Lose(method string, answers int) {
	s.Spoil(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == method && answers > 0 {
			answers--
			panic(http.ErrAbortHandler)
		}
		return false
	})
}

// Requests are the methods and addresses of what was asked until now.
func (s *Shop) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Keys are the idempotency keys of the orders until now, "" for none.
func (s *Shop) Keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.keys)
}

// Has returns how many products and orders there are.
func (s *Shop) Has() (products, orders int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.products), len(s.orders)
}

func say(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

func fail(w http.ResponseWriter, status int, code, format string, args ...any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": code, "message": fmt.Sprintf(format, args...)})
}

func (s *Shop) createProduct(w http.ResponseWriter, r *http.Request) {
	var p shop.Product
	if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
		fail(w, 400, shop.BadRequest, "%v", err)
		return
	}
	s.products[p.ID] = p
	say(w, map[string]string{"id": p.ID})
}

func (s *Shop) product(w http.ResponseWriter, r *http.Request) {
	if p, is := s.products[r.PathValue("id")]; is {
		say(w, p)
		return
	}
	fail(w, 404, shop.ProductNotFound, "Product ID %s does not exist", r.PathValue("id"))
}

func (s *Shop) deleteProduct(w http.ResponseWriter, r *http.Request) {
	if _, is := s.products[r.PathValue("id")]; !is {
		s.product(w, r)
		return
	}
	delete(s.products, r.PathValue("id"))
	w.WriteHeader(http.StatusNoContent)
}

func (s *Shop) createOrder(w http.ResponseWriter, r *http.Request) {
	var wanted struct {
		Lines []shop.Line `json:"order_details"`
	}
	if err := json.NewDecoder(r.Body).Decode(&wanted); err != nil {
		fail(w, 400, shop.BadRequest, "%v", err)
		return
	}
	key := r.Header.Get("Idempotency-Key")
	if id, is := s.byKey[key]; is && key != "" {
		say(w, map[string]int64{"id": id})
		return
	}
	left := map[string]int64{}
	for _, l := range wanted.Lines {
		p, is := s.products[l.Product]
		if _, seen := left[l.Product]; !seen {
			left[l.Product] = p.Stock
		}
		switch {
		case !is:
			fail(w, 404, shop.ProductNotFound, "Product Id %s", l.Product)
			return
		case left[l.Product] < l.Quantity:
			fail(w, 409, shop.OutOfStock, "product %s is out of stock: asked for %d, available %d", l.Product, l.Quantity, p.Stock)
			return
		}
		left[l.Product] -= l.Quantity
	}
	o := shop.Order{ID: 1000 + int64(len(s.orders))}
	for i, l := range wanted.Lines {
		if !strings.Contains(string(l.Price), ".") {
			l.Price += ".00"
		}
		o.Lines = append(o.Lines, shop.Placed{ID: int64(i + 1), Line: l})
	}
	for id, stock := range left {
		p := s.products[id]
		p.Stock = stock
		s.products[id] = p
	}
	s.orders = append(s.orders, o)
	s.byKey[key] = o.ID
	say(w, map[string]int64{"id": o.ID})
}

func (s *Shop) order(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	at := slices.IndexFunc(s.orders, func(o shop.Order) bool { return o.ID == id })
	if at < 0 {
		fail(w, 404, shop.OrderNotFound, "Order with id %s not found", r.PathValue("id"))
		return
	}
	said := shop.Details{ID: id}
	for _, l := range s.orders[at].Lines {
		shown := shop.Shown{Placed: l, Image: "http://www.example.com/airship/images/" + l.Product + ".jpg"}
		if p, is := s.products[l.Product]; is {
			shown.Now = &p
		}
		said.Lines = append(said.Lines, shown)
	}
	say(w, said)
}

func (s *Shop) listProducts(w http.ResponseWriter, r *http.Request) {
	all := []shop.Product{}
	for _, p := range s.products {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b shop.Product) int { return strings.Compare(a.ID, b.ID) })
	page(w, r, all)
}

func (s *Shop) listOrders(w http.ResponseWriter, r *http.Request) { page(w, r, s.orders) }

// page answers with a page whose cursor is the place where the next one begins.
func page[T any](w http.ResponseWriter, r *http.Request, all []T) {
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil {
		limit = shop.MaxPage
	}
	begin, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
	begin = min(begin, len(all))
	end := min(begin+limit, len(all))
	if end < len(all) {
		w.Header().Set("Link", fmt.Sprintf(`<?limit=%d&cursor=%d>; rel="next"`, limit, end))
	}
	say(w, append([]T{}, all[begin:end]...))
}

func (s *Shop) export(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	for _, o := range s.orders {
		_ = json.NewEncoder(w).Encode(o)
	}
}

package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func mustDecode(t *testing.T, body string, into any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(body), into), body)
}

// page is an answer of the list.
type page struct {
	Toys []struct {
		Name, Price string
		Stock       int64
	}
	Cursor string
}

func mustList(t *testing.T, s *shop, query map[string]string) (p page) {
	t.Helper()
	got := ask(t, s, "list", request{query: query})
	require.Equal(t, 200, got.Status, "%s", got.Body)
	mustDecode(t, string(got.Body), &p)
	return p
}

// mustListAll lists page by page, and returns the names.
func mustListAll(t *testing.T, s *shop, limit int) (names []string) {
	t.Helper()
	query := map[string]string{"limit": strconv.Itoa(limit)}
	for {
		p := mustList(t, s, query)
		require.LessOrEqual(t, len(p.Toys), limit)
		for _, toy := range p.Toys {
			names = append(names, toy.Name)
		}
		if p.Cursor == "" {
			return names
		}
		require.Len(t, p.Toys, limit, "a page before the last is full")
		query["cursor"] = p.Cursor
	}
}

var lists = map[string]test{
	"none": func(t *testing.T, s *shop) { requireAnswer(t, 200, `{"toys":[]}`, ask(t, s, "list", request{})) },
	"by name, in the order of bytes": func(t *testing.T, s *shop) {
		for i, name := range anyNames {
			mustPut(t, s, name, 100, int64(i))
		}
		want := slices.Sorted(slices.Values(anyNames))
		for _, limit := range []int{1, 7, len(want) - 1, len(want), len(want) + 1, 1000} {
			require.Equal(t, want, mustListAll(t, s, limit), "limit %d", limit)
		}
	},
	"price and stock": func(t *testing.T, s *shop) {
		mustPut(t, s, "Tux", 2599, 12)
		mustPut(t, s, "Fox", 100, 0)
		requireAnswer(t, 200, `{"toys":[{"name":"Fox","price":"1.00","stock":0},{"name":"Tux","price":"25.99","stock":12}]}`, ask(t, s, "list", request{}))
	},
	"a hundred a page unless asked for otherwise": func(t *testing.T, s *shop) {
		for i := range 101 {
			mustPut(t, s, fmt.Sprintf("toy %03d", i), 1, 1)
		}
		p := mustList(t, s, nil)
		require.Len(t, p.Toys, 100)
		require.NotEmpty(t, p.Cursor)
	},
	"toys that come while one turns the pages": func(t *testing.T, s *shop) {
		for _, name := range []string{"b", "d", "f"} {
			mustPut(t, s, name, 1, 1)
		}
		first := mustList(t, s, map[string]string{"limit": "2"})
		for _, name := range []string{"a", "c", "e"} { // the first two are behind us
			mustPut(t, s, name, 1, 1)
		}
		rest := mustList(t, s, map[string]string{"limit": "2", "cursor": first.Cursor})
		require.Equal(t, "e", rest.Toys[0].Name)
		require.Equal(t, "f", rest.Toys[1].Name)
		require.Empty(t, rest.Cursor)
	},
}

var puts = map[string]test{
	"creates": func(t *testing.T, s *shop) {
		requireAnswer(t, 200, `{"name":"Tux","price":"25.99","stock":12}`, ask(t, s, "put", request{name: "Tux", body: `{"price":"25.99","stock":12}`}))
		requireAnswer(t, 200, `{"name":"Tux","price":"25.99","stock":12}`, ask(t, s, "query", request{name: "Tux"}))
	},
	"sets both": func(t *testing.T, s *shop) {
		mustPut(t, s, "Tux", 2599, 12)
		requireAnswer(t, 200, sold(11), ask(t, s, "buy", request{name: "Tux"}))
		requireAnswer(t, 200, `{"name":"Tux","price":"7.00","stock":0}`, ask(t, s, "put", request{name: "Tux", body: `{"price":"7","stock":0}`}))
		requireAnswer(t, 200, `{"name":"Tux","price":"7.00","stock":0}`, ask(t, s, "query", request{name: "Tux"}))
	},
	"the least and the most": func(t *testing.T, s *shop) {
		for _, body := range []string{`{"price":"0.01","stock":0}`, `{"price":"10000000000.00","stock":9007199254740991}`} {
			require.Equal(t, 200, ask(t, s, "put", request{name: "Tux", body: body}).Status, body)
		}
	},
}

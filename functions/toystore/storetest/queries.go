package storetest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var queries = map[string]test{
	"200, in stock": func(t *testing.T, s *shop) {
		mustPut(t, s, "Tux", 2599, 12)
		requireAnswer(t, 200, `{"name":"Tux","price":"25.99","stock":12}`, ask(t, s, "query", request{name: "Tux"}))
	},
	"200, out of stock": func(t *testing.T, s *shop) {
		mustPut(t, s, "Fox", 5, 0)
		requireAnswer(t, 200, `{"name":"Fox","price":"0.05","stock":0}`, ask(t, s, "query", request{name: "Fox"}))
	},
	"404, no such toy": func(t *testing.T, s *shop) {
		mustPut(t, s, "Tux", 2599, 12)
		for _, name := range []string{"tux", "Tux2", "Tu", "Yeti"} {
			requireAnswer(t, 404, `{"error":"there is no toy '`+name+`'"}`, ask(t, s, "query", request{name: name}))
		}
	},
	"a name of any characters": func(t *testing.T, s *shop) {
		for i, name := range anyNames {
			mustPut(t, s, name, 100, int64(i))
		}
		for i, name := range anyNames {
			toy, err := s.another().Query(t.Context(), name)
			require.NoError(t, err)
			require.Equal(t, name, toy.Name)
			require.Equal(t, int64(i), toy.Stock)
		}
	},
	"what another process sells is seen at once": func(t *testing.T, s *shop) {
		mustPut(t, s, "Tux", 2599, 12)
		for left := int64(11); left >= 0; left-- {
			requireAnswer(t, 200, sold(left), ask(t, s.another(), "buy", request{name: "Tux"}))
			requireStock(t, left, s, "Tux")
		}
	},
}

// anyNames are names that a parser or a key may stumble over.
var anyNames = []string{
	"a", "0", "-1", "null", "a/b", "a.b[0]", "m-x", "#n", ":v", "100%", "%20", "Bear: brown", `say "hi"`, "it's", "Игрушка", "🦊", "e\u0301", "<b>",
	strings.Repeat("é", 50), strings.Repeat("x", 100),
}

package storetest

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/operation"
)

// posts are the operations that need a user, each with fields that it takes.
var posts = map[string]string{"pi": `"simulations":100`, "start-run": `"simulations":100`, "quote": `"protocol":"tcp"`}

// nobody are bodies without a user.
var nobody = map[string]string{
	"no body":                ``,
	"no JSON":                `{"username":"0123","password":"0123-pw"`,
	"null":                   `null`,
	"an array":               `[{"username":"0123","password":"0123-pw"}]`,
	"a string":               `"0123"`,
	"an empty object":        `{}`,
	"no username":            `{"password":"0123-pw"}`,
	"no password":            `{"username":"0123"}`,
	"three digits":           `{"username":"012","password":"012-pw"}`,
	"five digits":            `{"username":"01234","password":"01234-pw"}`,
	"a letter":               `{"username":"012a","password":"012a-pw"}`,
	"other digits":           `{"username":"٠١٢٣","password":"٠١٢٣-pw"}`,
	"one other digit":        `{"username":"01٢","password":"01٢-pw"}`,
	"a number":               `{"username":123,"password":"123-pw"}`,
	"a number of four":       `{"username":1234,"password":"1234-pw"}`,
	"null for a name":        `{"username":null,"password":"0123-pw"}`,
	"another's password":     `{"username":"0123","password":"0124-pw"}`,
	"a password too short":   `{"username":"0123","password":"0123-p"}`,
	"a password too long":    `{"username":"0123","password":"0123-pw "}`,
	"a password in capitals": `{"username":"0123","password":"0123-PW"}`,
	"a password of no text":  `{"username":"0123","password":["0123-pw"]}`,
	"an empty password":      `{"username":"0123","password":""}`,
	"a name twice":           `{"username":"0123","username":"0123","password":"0123-pw"}`,
	"a space before":         `{"username":" 0123","password":" 0123-pw"}`,
	"a sign":                 `{"username":"+123","password":"+123-pw"}`,
	"no UTF-8":               "{\"username\":\"0123\",\"password\":\"0123-pw\",\"x\":\"\xff\"}",
	"a byte-order mark":      "\ufeff{\"username\":\"0123\",\"password\":\"0123-pw\"}",
}

var users = map[string]test{
	"401 for nobody, whatever else is wrong": func(t *testing.T, p *place) {
		for name := range posts {
			for what, body := range nobody {
				got := post(t, p, name, body)
				require.Equal(t, 401, got.Status, "%s: %s: %s", name, what, got.Body)
				requireError(t, 401, "user info error", got)
			}
		}
		requireLogins(t, map[string]int64{}, p)
	},
	"a login counts, also when a field is refused": func(t *testing.T, p *place) {
		requireError(t, 400, "missing field simulations", post(t, p, "pi", user(``)))
		requireError(t, 400, "invalid field shards", post(t, p, "start-run", user(`"simulations":100,"shards":0`)))
		requireError(t, 400, "missing field protocol", post(t, p, "quote", user(``)))
		require.Equal(t, 200, post(t, p, "pi", `{"username":"9999","password":"9999-pw","simulations":100}`).Status)
		requireLogins(t, map[string]int64{"0123": 3, "9999": 1}, p)
	},
	"who asks without a body counts no login": func(t *testing.T, p *place) {
		for _, name := range []string{"logins", "health", "run"} {
			named(t, p, name).Handle(t.Context(), operation.Request{Path: map[string]string{"id": "x"}})
		}
		requireLogins(t, map[string]int64{}, p)
	},
	"unknown fields are ignored": func(t *testing.T, p *place) {
		require.Equal(t, 200, post(t, p, "pi", user(`"simulations":100,"shards":"x","more":{"a":[null]}`)).Status)
	},
	"the log says who, from where and what, and no password": func(t *testing.T, p *place) {
		post(t, p, "pi", user(`"simulations":100`))
		post(t, p, "pi", user(`"simulations":1`))
		post(t, p, "pi", `{"username":"0123","password":"secret-pw"}`)
		post(t, p, "pi", `[1]`)
		post(t, p, "pi", `{"username":"`+strings.Repeat("x", 1000)+`","password":"secret-pw"}`)
		require.Equal(t, []map[string]any{
			{"msg": "login", "address": address, "username": "0123"},
			{"msg": "login", "address": address, "username": "0123"},
			{"msg": "refused input", "address": address, "username": "0123", "error": "invalid field simulations"},
			{"msg": "failed login", "address": address, "username": "0123", "error": "user info error"},
			{"msg": "failed login", "address": address, "username": "", "error": "the body is no JSON object"},
			{"msg": "failed login", "address": address, "username": strings.Repeat("x", 64), "error": "user info error"},
		}, p.log.lines(t))
		require.NotContains(t, p.log.text.String(), "-pw")
	},
}

var logins = map[string]test{
	"sorted by user": func(t *testing.T, p *place) {
		for _, name := range []string{"9999", "0000", "0123"} {
			require.Equal(t, 400, post(t, p, "pi", `{"username":"`+name+`","password":"`+name+`-pw"}`).Status)
		}
		require.Equal(t, `{"0000":1,"0123":1,"9999":1}`, string(named(t, p, "logins").Handle(t.Context(), operation.Request{}).Body))
	},
	"exact, from two processes at once": func(t *testing.T, p *place) {
		places := []*place{p, p.another(t)}
		var all sync.WaitGroup
		for i := range 60 {
			all.Go(func() {
				name := []string{"0001", "0002", "0003"}[i%3]
				if err := places[i%2].Store.CountLogin(t.Context(), name); err != nil {
					t.Errorf("login of %s: %v", name, err)
				}
			})
		}
		all.Wait()
		requireLogins(t, map[string]int64{"0001": 20, "0002": 20, "0003": 20}, p.another(t))
	},
}

package rpc_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/toystore/rpc"
)

// What curl sees.
func TestHTTP(t *testing.T) {
	t.Parallel()
	address := MustServe(t, stocked(t), 0)
	c := client(t, false)
	const plain = "application/json"
	for name, step := range map[string]struct {
		method, path, content, body string
		status                      int
		answer                      string // a JSON value, or "" for any
	}{
		"OK":            {"POST", query, plain, `{"name":"Tux"}`, 200, `{"name":"Tux","priceCents":"2599","stock":"12"}`},
		"UnknownField":  {"POST", query, plain, `{"name":"Tux","colour":1}`, 200, `{"name":"Tux","priceCents":"2599","stock":"12"}`},
		"OutOfStock":    {"POST", buy, plain, `{"name":"Fox"}`, 200, `{"result":"RESULT_OUT_OF_STOCK"}`},
		"NoSuchToy":     {"POST", buy, plain, `{"name":"Yeti","quantity":3}`, 200, `{"result":"RESULT_NO_SUCH_TOY"}`},
		"NotFound":      {"POST", query, plain, `{"name":"Yeti"}`, 404, `{"code":"not_found","message":"there is no toy 'Yeti'"}`},
		"BadJSON":       {"POST", query, plain, `{"name":`, 400, ""},
		"BadUTF8":       {"POST", query, plain, "{\"name\":\"\xff\"}", 400, ""},
		"NoBody":        {"POST", query, plain, ``, 400, ""},
		"WrongType":     {"POST", query, plain, `{"name":5}`, 400, ""},
		"HugeQuantity":  {"POST", buy, plain, `{"name":"Tux","quantity":1e30}`, 400, ""},
		"TooLarge":      {"POST", query, plain, `{"name":"` + strings.Repeat("x", rpc.MaxBytes) + `"}`, 429, ""},
		"WrongContent":  {"POST", query, "text/plain", `{"name":"Tux"}`, 415, ""},
		"NoContent":     {"POST", query, "", `{"name":"Tux"}`, 415, ""},
		"WrongMethod":   {"PUT", buy, plain, `{"name":"Tux"}`, 405, ""},
		"NoGet":         {"GET", buy, "", ``, 405, ""},
		"NoSuchMethod":  {"POST", "/toystore.v1.ToyStore/Steal", plain, `{}`, 404, ""},
		"NoSuchService": {"POST", "/toystore.v1.Bank/Buy", plain, `{}`, 404, ""},
		"NoRedirect":    {"POST", "/x/../toystore.v1.ToyStore/Buy", plain, `{"name":"Tux"}`, 404, ""},
		"Service":       {"POST", "/toystore.v1.ToyStore/", plain, `{}`, 404, ""},
		"Root":          {"POST", "/", plain, `{}`, 404, ""},
		"Health":        {"POST", "/grpc.health.v1.Health/Check", plain, `{}`, 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request, err := http.NewRequestWithContext(t.Context(), step.method, "http://"+address+step.path, strings.NewReader(step.body))
			require.NoError(t, err)
			if step.content != "" {
				request.Header.Set("Content-Type", step.content)
			}
			answer, err := c.Do(request)
			require.NoError(t, err)
			defer func() { _ = answer.Body.Close() }()
			body, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			require.Equal(t, step.status, answer.StatusCode, "%s", body)
			if step.answer != "" {
				require.Equal(t, "application/json", answer.Header.Get("Content-Type"))
				require.JSONEq(t, step.answer, string(body))
			}
		})
	}
}

// The field that is wrong, for those who read JSON.
func TestFieldOverHTTP(t *testing.T) {
	t.Parallel()
	answer, err := client(t, false).Post("http://"+MustServe(t, stocked(t), 0)+query, "application/json",
		strings.NewReader(`{"name":"`+strings.Repeat("x", 101)+`"}`))
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusBadRequest, answer.StatusCode)
	require.Contains(t, string(body), `"code":"invalid_argument","message":"name has 101 bytes; a toy's name has at most 100"`)
	require.Contains(t, string(body), `"type":"google.rpc.BadRequest"`)
	require.Contains(t, string(body), `"fieldViolations":[{"field":"name"`)
}

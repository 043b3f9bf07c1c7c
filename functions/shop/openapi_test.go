package shop_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"lockstep/functions/shop"
	"lockstep/shared/operation"
)

// The description has every route of every operation, and no other.
func TestTheDescriptionHasEveryRoute(t *testing.T) {
	t.Parallel()
	s := &shop.Service{Store: shop.NewMemory()}
	var routes []string
	var described operation.Operation
	for _, o := range s.Operations() {
		if o.Kind == operation.Task {
			continue
		}
		routes = append(append(routes, o.Method+" "+o.Path), o.Also...)
		if o.Name == "openapi" {
			described = o
		}
	}
	answer := described.Handle(t.Context(), operation.Request{})
	require.Equal(t, 200, answer.Status)
	require.Equal(t, "application/yaml", answer.Header["Content-Type"])
	var text struct {
		OpenAPI string `yaml:"openapi"`
		Paths   map[string]map[string]yaml.Node
	}
	require.NoError(t, yaml.Unmarshal(answer.Body, &text))
	require.NotEmpty(t, text.OpenAPI)
	var told []string
	for path, methods := range text.Paths {
		for method := range methods {
			if slices.Contains([]string{"get", "put", "post", "delete"}, method) {
				told = append(told, strings.ToUpper(method)+" "+path)
			}
		}
	}
	require.ElementsMatch(t, routes, told)
}

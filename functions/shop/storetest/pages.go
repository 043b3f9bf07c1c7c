package storetest

import (
	"net/url"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/operation"
)

var linkForm = regexp.MustCompile(`^<\?([^>]+)>; rel="next"$`)

// next returns the query of the next page, nil if there is none.
func next(t *testing.T, got operation.Response) map[string]string {
	t.Helper()
	link, there := got.Header["Link"]
	if !there {
		return nil
	}
	parts := linkForm.FindStringSubmatch(link)
	require.Len(t, parts, 2, link)
	values, err := url.ParseQuery(parts[1])
	require.NoError(t, err)
	query := map[string]string{}
	for name := range values {
		query[name] = values.Get(name)
	}
	return query
}

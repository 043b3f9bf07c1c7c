package shop_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"lockstep/wasmclient/remote"
	"lockstep/wasmclient/shop"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCheckProduct(t *testing.T) {
	t.Parallel()
	good := shop.Product{
		ID: strings.Repeat("x", shop.MaxID), Title: strings.Repeat("x", shop.MaxTitle), Capacity: shop.MaxNumber, Speed: shop.MaxNumber, Stock: shop.MaxNumber,
	}
	require.NoError(t, good.Check())
	require.NoError(t, shop.Product{ID: "a b:c?ü\n", Title: "t"}.Check())
	for says, change := range map[string]func(*shop.Product){
		"must not be empty": func(p *shop.Product) { p.ID = "" },
		"at most 200":       func(p *shop.Product) { p.ID += "x" },
		"slash":             func(p *shop.Product) { p.ID = "a/b" },
		"folder":            func(p *shop.Product) { p.ID = ".." },
		"not valid UTF-8":   func(p *shop.Product) { p.ID = "\xff" },
		"not 0":             func(p *shop.Product) { p.Title = "" },
		"not 1001":          func(p *shop.Product) { p.Title += "x" },
		"capacity must":     func(p *shop.Product) { p.Capacity = -1 },
		"speed must":        func(p *shop.Product) { p.Speed++ },
		"stock must":        func(p *shop.Product) { p.Stock = -1 },
	} {
		p := good
		change(&p)
		require.ErrorContains(t, p.Check(), says)
	}
}

func TestCheckOrder(t *testing.T) {
	t.Parallel()
	line := shop.Line{Product: "a", Quantity: shop.MaxQuantity, Price: "1"}
	require.NoError(t, shop.CheckOrder(make500(line), strings.Repeat("k", shop.MaxKey)))
	for says, c := range map[string]struct {
		lines []shop.Line
		key   string
	}{
		"not 0":                                  {nil, ""},
		"not 501":                                {append(make500(line), line), ""},
		"at most 255":                            {[]shop.Line{line}, strings.Repeat("k", shop.MaxKey+1)},
		"idempotency key":                        {[]shop.Line{line}, "a\nb"},
		"line 2: a product's id":                 {[]shop.Line{line, {Quantity: 1}}, ""},
		"line 1: a quantity is 1 to 1000000000,": {[]shop.Line{{Product: "a"}}, ""},
		"not 1000000001":                         {[]shop.Line{{Product: "a", Quantity: shop.MaxQuantity + 1}}, ""},
	} {
		require.ErrorContains(t, shop.CheckOrder(c.lines, c.key), says)
	}
}

func make500(line shop.Line) []shop.Line {
	lines := make([]shop.Line, shop.MaxLines)
	for i := range lines {
		lines[i] = line
	}
	return lines
}

// A binary fraction in between would change a price.
func TestPricesAreReadDigitByDigit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]shop.Price{
		`"1.005"`: "1.005", `1.005`: "1.005", `9999999999999999.99`: "9999999999999999.99", `5`: "5", `1e2`: "1e2", `"NaN"`: "NaN", // which the shop refuses
	} {
		var got shop.Price
		require.NoError(t, json.Unmarshal([]byte(text), &got), text)
		require.Equal(t, want, got)
	}
	for _, text := range []string{`[]`, `{}`, `true`} {
		require.Error(t, json.Unmarshal([]byte(text), new(shop.Price)), text)
	}
	text, err := json.Marshal(shop.Line{Product: "a", Quantity: 2, Price: "1.50"})
	require.NoError(t, err)
	require.JSONEq(t, `{"product_id": "a", "quantity": 2, "price": "1.50"}`, string(text))
}

func TestCodeOf(t *testing.T) {
	t.Parallel()
	require.Equal(t, shop.OutOfStock, shop.CodeOf(errors.Join(&shop.Error{Code: shop.OutOfStock})))
	require.Empty(t, shop.CodeOf(errors.New("other")))
	require.Empty(t, shop.CodeOf(nil))
}

func TestLost(t *testing.T) {
	t.Parallel()
	cause := errors.New("reset")
	dialing := &net.OpError{Op: "dial", Err: cause}
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("not answered within 1s"))
	for says, c := range map[string]struct {
		ctx              context.Context
		err              error
		inDoubt, passing bool
	}{
		"here: the answer is lost: reset": {t.Context(), cause, true, true},
		"here can't be reached: reset":    {t.Context(), dialing, false, false},
		"here: not answered within 1s":    {ended, cause, true, false},
	} {
		lost := remote.Lost(c.ctx, "here", c.err)
		require.EqualError(t, lost, says)
		require.Equal(t, c.inDoubt, lost.InDoubt, says)
		require.Equal(t, c.passing, lost.Passing, says)
	}
	require.False(t, remote.Lost(ended, "here", dialing).InDoubt, "nothing was sent")
	require.True(t, shop.Wrong("here", "x").InDoubt)
}

func TestAll(t *testing.T) {
	t.Parallel()
	pages := map[string]shop.Listed[int]{
		"":  {Entries: []int{1, 2}, Next: &shop.Page{Limit: 2, Cursor: "b"}},
		"b": {Entries: []int{3}, Next: &shop.Page{Limit: 2, Cursor: "c"}},
		"c": {Entries: []int{4}},
	}
	var asked []shop.Page
	list := func(_ context.Context, page shop.Page) (shop.Listed[int], error) {
		asked = append(asked, page)
		return pages[page.Cursor], nil
	}
	var got []int
	for n, err := range shop.All(t.Context(), shop.Page{Limit: 9}, list) {
		require.NoError(t, err)
		got = append(got, n)
	}
	require.Equal(t, []int{1, 2, 3, 4}, got)
	require.Equal(t, []shop.Page{{Limit: 9}, {Limit: 2, Cursor: "b"}, {Limit: 2, Cursor: "c"}}, asked)

	asked = nil
	for range shop.All(t.Context(), shop.Page{}, list) {
		break
	}
	require.Len(t, asked, 1, "no page is asked for that nobody reads")

	for name, page := range map[string]shop.Listed[int]{
		"nothing":   {Next: &shop.Page{Cursor: "x"}},
		"in place":  {Entries: []int{1}, Next: &shop.Page{}},
		"a failure": {},
	} {
		var last error
		for _, err := range shop.All(t.Context(), shop.Page{}, func(context.Context, shop.Page) (shop.Listed[int], error) {
			if name == "a failure" {
				return page, errors.New("goes on with nothing")
			}
			return page, nil
		}) {
			last = err
		}
		require.ErrorContains(t, last, "goes on with nothing", name)
	}
}

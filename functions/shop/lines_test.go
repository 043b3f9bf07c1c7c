package shop_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lockstep/functions/shop"
)

func TestLinesAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	line := rapid.Custom(func(t *rapid.T) shop.Line {
		return shop.Line{
			Product: rapid.OneOf(rapid.StringN(1, 50, 200), rapid.SampledFrom([]string{"a", "b", "c"})).Draw(t, "product"),
			Price:   rapid.Int64Range(0, 1e18).Draw(t, "price"), Quantity: rapid.Int64Range(1, shop.MaxQuantity).Draw(t, "quantity"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(line, 1, 30).Draw(t, "lines")
		encoded := shop.EncodeLines(lines)
		got, err := shop.DecodeLines(string(encoded))
		require.NoError(t, err)
		require.Equal(t, lines, got)

		asked := map[string]int64{}
		for _, l := range lines {
			asked[l.Product] += l.Quantity
		}
		needs := shop.Needs(lines)
		require.Len(t, needs, len(asked))
		require.Equal(t, lines[0].Product, needs[0].Product)
		for _, n := range needs {
			require.Equal(t, asked[n.Product], n.Quantity)
		}
	})
}

func TestTheLargestOrderTakesLessThan32KB(t *testing.T) {
	t.Parallel()
	var lines []shop.Line
	for i := range shop.MaxLines {
		product := fmt.Sprintf("%s%02d", strings.Repeat("x", shop.MaxID-2), i%shop.MaxDistinct)
		lines = append(lines, shop.Line{Product: product, Price: 1e18, Quantity: shop.MaxQuantity})
	}
	require.Less(t, len(shop.EncodeLines(lines)), 32<<10)
}

// What is no order is refused, and never more than an error.
func FuzzDecodeLines(f *testing.F) {
	f.Add("")
	f.Add("\x01\x01a\x00\x05\x01")
	f.Add("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01a")
	f.Add("\x01\xff\xff\xff\xff\x0fa\x00\x05\x01")
	f.Fuzz(func(t *testing.T, encoded string) {
		lines, err := shop.DecodeLines(encoded)
		require.Equal(t, err == nil, len(lines) > 0)
	})
}

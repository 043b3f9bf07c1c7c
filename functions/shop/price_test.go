package shop_test

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lockstep/functions/shop"
)

func TestAPriceIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cents := rapid.Int64Range(0, 1e18-1).Draw(t, "cents")
		got, err := shop.ParsePrice(string(shop.AppendPrice(nil, cents)))
		require.NoError(t, err)
		require.Equal(t, cents, got)
	})
}

// Exact fractions say what rounding half away from zero is.
func TestAPriceIsRoundedExactly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`-?(0|[1-9][0-9]{0,18})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?`).Draw(t, "decimal")
		exact, ok := new(big.Rat).SetString(text)
		require.True(t, ok)
		got, err := shop.ParsePrice(text)
		switch {
		case exact.Sign() < 0:
			require.ErrorContains(t, err, "must not be negative")
		case exact.Cmp(big.NewRat(1e16, 1)) >= 0:
			require.ErrorContains(t, err, "must be below 10^16")
		default:
			require.NoError(t, err)
			twice := new(big.Rat).Mul(exact, big.NewRat(200, 1)) // half cents
			halves := new(big.Int).Quo(twice.Num(), twice.Denom())
			want := new(big.Int).Rsh(halves.Add(halves, big.NewInt(1)), 1)
			require.Equal(t, want.Int64(), got, text)
		}
	})
}

func TestPrices(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"0": 0, "-0": 0, "-0.00": 0, "0e99999999999999999999": 0, "1e-99999999999999999999": 0, "5": 500, "1.005": 101, "1.0049999": 100, "0.005": 1, "0.0049": 0, "0.05": 5, "99.995": 10000,
		"1e2": 10000, "1E+2": 10000, "123e-2": 123, "1.5e-2": 2, "9999999999999999.994": 1e18 - 1, "9999999999999999.995": 1e18, "0." + strings.Repeat("0", 1000) + "1e1001": 100,
		"1" + strings.Repeat("0", 1000) + "e-1000": 100,
	} {
		got, err := shop.ParsePrice(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "+1", " 1", "1 ", "01", "-01", ".5", "5.", "1e", "1e+", "1e1.5", "e1", "-", "--1", "NaN", "Infinity", "0x1", "1_0", "1,0", "١", "1\x00"} {
		_, err := shop.ParsePrice(text)
		require.ErrorContains(t, err, "decimal", text)
	}
	for _, text := range []string{"10000000000000000", "1e16", "1e99999999999999999999", "123456789012345678901234567890"} {
		_, err := shop.ParsePrice(text)
		require.ErrorContains(t, err, "below", text)
	}
	for _, text := range []string{"-1", "-0.001", "-1e-300"} {
		_, err := shop.ParsePrice(text)
		require.ErrorContains(t, err, "negative", text)
	}
}

func ExampleParsePrice() {
	cents, _ := shop.ParsePrice("1.005")
	fmt.Println(string(shop.AppendPrice(nil, cents)))
	// Output: 1.01
}

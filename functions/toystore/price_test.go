package toystore_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lockstep/functions/toystore"
)

func TestAPriceIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cents := rapid.Int64Range(1, toystore.MaxPrice).Draw(t, "cents")
		got, err := toystore.ParsePrice(toystore.FormatPrice(cents))
		require.NoError(t, err)
		require.Equal(t, cents, got)
	})
}

func TestFormatPrice(t *testing.T) {
	t.Parallel()
	for want, cents := range map[string]int64{"0.01": 1, "0.10": 10, "1.00": 100, "25.99": 2599, "10000000000.00": toystore.MaxPrice} {
		require.Equal(t, want, toystore.FormatPrice(cents))
	}
}

package compute_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"lockstep/wasmclient/compute"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestUsersAreFourDigits(t *testing.T) {
	t.Parallel()
	require.NoError(t, compute.User("0123").Check())
	require.Equal(t, "0123-pw", compute.User("0123").Password())
	for _, u := range []compute.User{"", "012", "01234", "012a", "01٢", " 123", "+123", "0123a"} {
		require.ErrorContains(t, u.Check(), "4 digits", "%q", string(u))
	}
}

// Which kernel a type gets at a level: the first family that has one.
#include "families.h"

const ck_matrix_kernel *ck_matrix_kernel_for(int type, ck_level level) {
  const ck_matrix_kernel *kernel = ck_vnni_kernel(type, level);
  if (!kernel) kernel = ck_eights_kernel(type, level);
  if (!kernel) kernel = ck_floats_kernel(type, level);
  if (!kernel) kernel = ck_bits_kernel(type, level);
  return kernel ? kernel : ck_plain_kernel(type);
}

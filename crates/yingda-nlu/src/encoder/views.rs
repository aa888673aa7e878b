//! The three branches together.
//!
//! Their projections are normalised as one row, with one mean and one variance over all of them, before each goes its own way.
//! That is how the package computes; with a mean and a variance for each branch the vectors differ (cosine down to .89).
use super::{
    branch::Branch,
    file::{Broken, Reader, Writer},
    norm::LayerNorm,
};

/// Three branches and what normalises their projections.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Views {
    branches: [Branch; 3],
    norm: LayerNorm,
}

impl Views {
    pub fn new(branches: [Branch; 3], norm: LayerNorm) -> Result<Self, Broken> {
        let views = Self { branches, norm };
        let fits = views.branches.iter().all(|branch| branch.takes() == views.takes()) && views.norm.width() == views.gives();
        fits.then_some(views).ok_or(Broken("the branches do not fit each other"))
    }

    /// Numbers a piece comes with.
    pub fn takes(&self) -> usize {
        self.branches[0].takes()
    }

    /// Numbers it leaves with, over all branches.
    pub fn gives(&self) -> usize {
        self.branches.iter().map(Branch::gives).sum()
    }

    /// What each branch makes of each piece of a text, given their vectors one after the other: a list of rows for each branch.
    pub fn apply(&self, vectors: &[f32]) -> [Vec<f32>; 3] {
        let mut views = self.branches.each_ref().map(|branch| branch.project(vectors));
        let mut row = Vec::with_capacity(self.gives());
        for piece in 0..vectors.len() / self.takes() {
            row.clear();
            self.append(&views, piece, &mut row);
            self.norm.apply(&mut row);
            let mut rest = row.as_slice();
            for (view, branch) in views.iter_mut().zip(&self.branches) {
                let (values, after) = rest.split_at(branch.gives());
                view[piece * branch.gives()..][..branch.gives()].copy_from_slice(values);
                rest = after;
            }
        }
        views.iter_mut().zip(&self.branches).for_each(|(view, branch)| branch.convolve(view));
        views
    }

    /// Appends what the branches made of one piece.
    pub fn append(&self, views: &[Vec<f32>; 3], piece: usize, row: &mut Vec<f32>) {
        for (view, branch) in views.iter().zip(&self.branches) {
            row.extend_from_slice(&view[piece * branch.gives()..][..branch.gives()]);
        }
    }

    pub fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
        let branches = [Branch::read(from)?, Branch::read(from)?, Branch::read(from)?];
        Self::new(branches, LayerNorm::read(from)?)
    }

    pub fn write(&self, to: &mut Writer) {
        self.branches.iter().for_each(|branch| branch.write(to));
        self.norm.write(to);
    }
}
